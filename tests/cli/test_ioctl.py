#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Descriptors that ioctl(2) makes."""

import re
import subprocess

from support import ENGINE, LIBRARY, SOURCE, check, main, program, require, run_traced, skip, temp_dir, test

LIST = (SOURCE / "preload" / "libc" / "ioctl_fds.list").read_text()
ROWS = re.findall(r"^(?:RETURNS|STORES)\((\w+), (.*?)(?:, (\d+))?, FD_\w+\)$", LIST, re.MULTILINE)

KINDS = {"ptpeer": "terminal", "namespace": "namespace", "high": "namespace", "raw": "namespace",
         "socket_namespace": "namespace", "pidfd_namespace": "namespace", "userfaultfd": "userfaultfd",
         "kvm_machine": "kvm", "kvm_device": "kvm", "raw_kvm_device": "kvm"}

# The structure and its member; the other requests that store a number store it at the beginning.
MEMBERS = {
    "KVM_CREATE_DEVICE": "struct kvm_create_device, fd",
    "DMA_HEAP_IOCTL_ALLOC": "struct dma_heap_allocation_data, fd",
    "DRM_IOCTL_PRIME_HANDLE_TO_FD": "struct drm_prime_handle, fd",
    "DRM_IOCTL_MODE_CREATE_LEASE": "struct drm_mode_create_lease, fd",
    "AMDKFD_IOC_SMI_EVENTS": "struct kfd_ioctl_smi_events_args, anon_fd",
    "AMDKFD_IOC_EXPORT_DMABUF": "struct kfd_ioctl_export_dmabuf_args, dmabuf_fd",
    "VIDIOC_EXPBUF": "struct v4l2_exportbuffer, fd",
    "DMX_EXPBUF": "struct dmx_exportbuffer, fd",
    "SYNC_IOC_MERGE": "struct sync_merge_data, fence",
    "DMA_BUF_IOCTL_EXPORT_SYNC_FILE": "struct dma_buf_export_sync_file, fd",
    "GPIO_GET_LINEHANDLE_IOCTL": "struct gpiohandle_request, fd",
    "GPIO_GET_LINEEVENT_IOCTL": "struct gpioevent_request, fd",
    "GPIO_V2_GET_LINE_IOCTL": "struct gpio_v2_line_request, fd",
    "VTPM_PROXY_IOC_NEW_DEV": "struct vtpm_proxy_new_dev, fd",
    "AUTOFS_DEV_IOCTL_OPENMOUNT": "struct autofs_dev_ioctl, ioctlfd",
}


def made_by(run):
    """The lines of the program: the name, and the number or None."""
    check.equal(run.status, 0)
    lines = [line.split() for line in run.out.splitlines()]
    return [(words[0], int(words[1]) if len(words) == 2 else None) for words in lines]


@test("a descriptor made by a request of ioctl is listed with its caller and its kind")
def _():
    run = run_traced([program("ioctls"), "real"], SHOW="all")
    made = made_by(run)
    check.equal([name for name, _ in made], list(KINDS))
    # These need nothing but Linux 4.13 and /proc.
    check.true(dict(made)["ptpeer"] and dict(made)["namespace"], "the kernel has answered")
    for name, fd in made:
        if fd is None:
            continue
        group = next((group for group in run.last.groups if fd in group.fds), None)
        check.true(group, f"descriptor {fd}, by {name}, is listed")
        check.equal((name, group.functions[:1], group.kind), (name, [f"makes_{name}"], KINDS[name]))


@test("each request that makes a descriptor is recorded, whether its number is the result or stored")
def _():
    if ENGINE != "preload":
        skip("a library answers in the kernel's place, which the ptrace engine does not see")
    run = run_traced([program("ioctls"), "every"], SHOW="all",
                     env={"LD_PRELOAD": f"{LIBRARY}:{program('libioctls')}"})
    made = made_by(run)
    check.equal([name for name, _ in made], [row[0] for row in ROWS])
    for name, fd in made:
        group = next((group for group in run.last.groups if fd in group.fds), None)
        check.true(group, f"descriptor {fd}, by {name}, is listed")
        check.equal(group.functions[:1], [f"makes_by_{name}"])


@test("the requests of ioctl_fds.list have the numbers and offsets of the kernel's headers")
def _():
    for name, _, offset in ROWS:
        check.true(offset in ("", "0") or name in MEMBERS or "SYNCOBJ" in name, f"{name} has a member to compare")
    headers = sorted(set(re.findall(r"\b(?:linux|asm|drm)/[\w/-]+\.h", LIST)))
    source = "#include <stddef.h>\n#include <stdio.h>\n"
    for header in headers:
        source += f"#if __has_include(<{header}>)\n#include <{header}>\n#endif\n"
    # Linux 6.10 to 6.13 had a first draft of it, in a driver that could not be built.
    source += "#ifndef NTSYNC_IOC_CREATE_EVENT\n#undef NTSYNC_IOC_CREATE_SEM\n#endif\n"
    source += "int main(void)\n{\n"
    for name, request, offset in ROWS:
        source += f"#ifdef {name}\n\tprintf(\"{name} %d\", (unsigned int)({request}) == (unsigned int){name});\n"
        if name in MEMBERS:
            source += f"\tprintf(\" %d\", offsetof({MEMBERS[name]}) == {offset});\n"
        source += "\tputchar('\\n');\n#endif\n"
    source += "}\n"
    folder = temp_dir()
    (folder / "rows.c").write_text(source)
    done = subprocess.run([require("cc"), "-o", folder / "rows", folder / "rows.c"], stderr=subprocess.PIPE, text=True,
                          check=False)
    check.equal((done.returncode, done.stderr), (0, ""))
    found = subprocess.run([folder / "rows"], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    check.equal([line for line in found if " 0" in line], [])
    check.at_least(len(found), 20, "the rows that these headers know")


main()
