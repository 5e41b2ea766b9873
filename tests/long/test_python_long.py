#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""All of CPython's own tests of modules that open descriptors: tests/python_suite.py."""

from python_suite import suite
from support import main, test


@test("CPython's {} has the same verdicts as bare, and a snapshot matches /proc", timeout=2000,
      each=["test.test_socket", "test.test_subprocess", "test.test_os", "test.test_fileio", "test.test_popen",
            "test.test_selectors", "test.test_epoll", "test.test_pty", "test.test_posix", "test.test_signal"])
def _(module):
    # A VM's sockets (vsock(7)) reach other machines, and their tests wait for these.
    # test_posix sets SIGUSR1 to its default in a child, to see the child die of it; under the tracer it triggers a
    # snapshot.
    options = {"SIGNAL": "RTMIN+9"} if module == "test.test_posix" else {}
    suite([module], r"^(?!.*VSOCK)", timeout=900, **options)


main()
