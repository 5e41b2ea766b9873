#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Stacks of statically linked programs, which the ptrace engine walks from outside: complete, function by
function, with and without unwind data."""

import re
import subprocess
from collections import Counter

import snapshot_text
from support import BUILD, PYTHON, check, compile_program, helper, main, require, run_bare, temp_dir, test

FDTRAIL = BUILD / "tools" / "fdtrail"

# A chain of functions with frames of all sizes, through the C library and back.
SOURCE = """
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#define FRAME __attribute__((noinline, noclone))
static volatile int sink;
FRAME static void forget_socket(void) { sink = socket(AF_INET, SOCK_STREAM, 0); sink++; }
#define LINK(name, next, size) \\
	FRAME static int name(int number) \\
	{ \\
		char text[size]; \\
		snprintf(text, sizeof(text), "%d", number); \\
		next; \\
		sink += text[0]; \\
		return sink + number; \\
	}
LINK(small, forget_socket(), 16)
LINK(middle, sink = small(number + 1), 200)
LINK(large, sink = middle(number + 1), 9000)
FRAME static int variable(int number)
{
	char text[number * 40];
	snprintf(text, sizeof(text), "%d", number);
	sink = large(number + 1);
	return sink + text[0];
}
FRAME static int compare(const void *left, const void *right)
{
	sink = variable(*(const int *)left + *(const int *)right);
	return 0;
}
FRAME static void sort_some(void) { int numbers[2] = {1, 2}; qsort(numbers, 2, sizeof(int), compare); sink++; }
int main(void) { sort_some(); _exit(0); }
"""
CHAIN = ["forget_socket", "small", "middle", "large", "variable", "compare"]


def source():
    path = temp_dir() / "chain.c"
    path.write_text(SOURCE)
    return path


def stack_of(built):
    """The frames of the socket's stack: function names, and offsets in the program."""
    output = temp_dir() / "snapshot"
    run = run_bare([FDTRAIL, "run", "--engine=ptrace", f"--output={output}", f"--report={output}.report", "--", built])
    check.equal(run.status, 0)
    found = [group for snapshot in snapshot_text.parse_all(output.read_text()) for group in snapshot.groups
             if "tcp socket" in group.sentence]
    check.equal(len(found), 1, "groups")
    check.lacks(found[0].text, "(incomplete")
    return found[0].functions, [int(re.search(r"\+0x([0-9a-f]+)\)", frame.text)[1], 16) for frame in found[0].frames]


def names_of(built, offsets):
    """The functions at these offsets, by the symbols of a twin that is not stripped."""
    done = subprocess.run([require("addr2line"), "-fe", built, *map(hex, offsets)], stdout=subprocess.PIPE,
                          text=True, check=True)
    return done.stdout.splitlines()[::2]


def check_chain(functions):
    # Without symbols the engine can't recognize the C library's own function, which is the innermost.
    functions = functions[functions[0] in ("socket", "__socket"):]
    check.equal(functions[:len(CHAIN)], CHAIN)
    check.contains(functions, "sort_some")
    check.equal(functions[functions.index("sort_some") + 1], "main")
    check.equal(functions[-1], "_start")


def check_stripped(built):
    stripped = temp_dir() / "stripped"
    subprocess.run([require("strip"), "-o", stripped, built], check=True)
    functions, offsets = stack_of(stripped)
    check.equal(set(functions), {None})
    check_chain(names_of(built, offsets))


def without_data(flags):
    """The chain built with musl, without unwind data of its own or of libc's."""
    built = temp_dir() / "chain"
    subprocess.run([require("musl-gcc"), "-O2", "-g", "-static", "-fomit-frame-pointer",
                    "-fno-asynchronous-unwind-tables", *flags, "-o", built, source()], check=True)
    return built


VARIANTS = [("gcc-static", ()), ("clang-static", ()), ("gcc", ("-static-pie",)), ("clang", ("-static-pie", "-fPIE")),
            ("gcc-static", ("-Wl,--eh-frame-hdr",)), ("gcc-static", ("-O3",)), ("gcc-static-O0", ())]


@test("the stack is whole: {} {}", each=VARIANTS)
def _(variant, flags):
    functions, _ = stack_of(compile_program(source(), variant, flags))
    check_chain(functions)


@test("the stack of a stripped program is whole: {} {}", each=VARIANTS)
def _(variant, flags):
    check_stripped(compile_program(source(), variant, flags))


# Without unwind data: from the code alone.

NO_DATA = [(), ("-O3",), ("-Os",), ("-O1",), ("-mavx2", "-O3"), ("-fno-omit-frame-pointer",)]


@test("the stack is whole without any unwind data (musl): {}", each=[(flags,) for flags in NO_DATA])
def _(flags):
    functions, _ = stack_of(without_data(flags))
    check_chain(functions)


@test("the stack of a stripped program without any unwind data is whole: {}", each=[(flags,) for flags in NO_DATA])
def _(flags):
    check_stripped(without_data(flags))


@test("the stacks of busybox, which is stripped and has no unwind data, are whole")
def _():
    output = temp_dir() / "snapshot"
    run = run_bare([FDTRAIL, "run", "--engine=ptrace", f"--output={output}", f"--report={output}.report", "--",
                    require("busybox"), "sh", "-c", "for i in 1 2; do if true; then exec 5</etc/passwd; fi; done"])
    check.equal(run.status, 0)
    found = [group for snapshot in snapshot_text.parse_all(output.read_text()) for group in snapshot.groups]
    check.at_least(len(found), 1, "groups")
    for group in found:
        check.lacks(group.text, "(incomplete")
        check.at_least(len(group.frames), 8, "frames")


def disassembled(what):
    """The code of a file's .text, its address, and objdump's disassembly: (address, next one's address, text)."""
    library = re.search(r"(/\S+/libc\.so\.6)", run_bare(["ldd", PYTHON]).out)
    path = require("busybox") if what == "busybox" else library[1]
    code = temp_dir() / "code"
    subprocess.run([require("objcopy"), "-O", "binary", "--only-section=.text", path, code], check=True)
    sections = run_bare([require("readelf"), "-SW", path]).out
    base = int(re.search(r" \.text +PROGBITS +([0-9a-f]+)", sections)[1], 16)
    shown = run_bare([require("objdump"), "-d", "-w", "--no-show-raw-insn", "-j", ".text", path]).out
    places = re.findall(r"^ *([0-9a-f]+):\t([^\n<#]+)", shown, re.MULTILINE)
    return code, base, [(int(here, 16), int(after, 16), text.strip())
                        for (here, text), (after, _) in zip(places, places[1:]) if not text.startswith("(bad)")]


def decoded(code, base, places, *mode):
    """The decoder's output for the same instructions."""
    lines = [f"{here - base:x} {after - here}\n" for here, after, _ in places]
    judged = run_bare([helper("decode"), code, *mode], stdin="".join(lines))
    check.equal(judged.status, 0)
    check.at_least(int(judged.err), 100000, "instructions")
    return judged.out


@test("instructions have the same lengths as in objdump: {}", each=["busybox", "the C library"])
def _(what):
    check.equal(decoded(*disassembled(what)), "")


def stack_effect(name, operands):
    """The effect of an instruction in objdump's form on rsp and rbp: the decoder's word and, if it has one, the
amount."""
    constant = re.match(r"\$(0x[0-9a-f]+),", operands)
    amount = int(constant[1], 16) if constant else 0
    amount -= (amount >> 63) << 64
    based = re.match(r"(-?0x[0-9a-f]+|)\(%(rsp|rbp)\),%rsp$", operands)
    distance = int(based[1] or "0", 16) if based else 0
    if (name, operands) in {("mov", "%rsp,%rbp"): 1, ("mov", "%rbp,%rsp"): 1, ("xor", "%ebp,%ebp"): 1}:
        return {"%rsp,%rbp": ("set-fp", None), "%rbp,%rsp": ("from-fp", 0), "%ebp,%ebp": ("no-fp", None)}[operands]
    moved = re.match(r"%rbp,(?P<to>-?0x[0-9a-f]+|)\(%rsp\)$|(?P<back>-?0x[0-9a-f]+|)\(%rsp\),%rbp$", operands)
    if moved and re.fullmatch("movq?", name):
        return "load-fp" if moved["to"] is None else "save-fp", int(moved["to"] or moved["back"] or "0", 16)
    if re.fullmatch("pushq?|pushfq?", name):
        return ("push-fp", None) if operands == "%rbp" else ("moves", 8)
    if re.fullmatch("popq?|popfq?", name):
        return {"%rbp": ("pop-fp", None), "%rsp": ("unknown", None)}.get(operands, ("moves", -8))
    if re.fullmatch("leaveq?", name):
        return "leave", None
    if constant and operands.endswith(",%rsp") and re.fullmatch("(sub|add)q?", name):
        return "moves", amount if name.startswith("sub") else -amount
    if based and re.fullmatch("leaq?", name):
        return ("moves", -distance) if based[2] == "rsp" else ("from-fp", -distance)
    if operands.endswith((",%rsp", ",%esp")) and not re.fullmatch("(cmp|test)[ql]?", name):
        return "unknown", None
    return "same", None


def way(name, operands):
    """The place that the instruction leads to: the decoder's word, and the address if it is known."""
    target = re.match(r"(?:0x)?([0-9a-f]+)\b", operands)
    where = int(target[1], 16) if target else None
    if re.fullmatch("retq?|hlt|ud2|int3", name):
        return "end", None
    if name == "jmp" or name == "jmpq":
        return ("end", None) if operands.startswith("*") else ("jump", where)
    if re.fullmatch("callq?", name):
        return "call", where
    return ("branch", where) if re.fullmatch("j[a-z]+|loop[a-z]*", name) else ("on", None)


PREFIXES = re.compile(r"^((bnd|notrack|repz|repnz|rep|lock|data16|addr32|[cdefgs]s|rex\S*|xacquire|xrelease) +)+")


@test("instructions have the same effects on the stack and the same targets as in objdump: "
      "{}", each=["busybox", "the C library"])
def _(what):
    code, base, places = disassembled(what)
    said = [line.split() for line in decoded(code, base, places, "effects").splitlines()]
    check.equal(len(said), len(places), "instructions that were decoded")
    counts = Counter()
    for (here, _, text), (_, found_way, target, stack, amount) in zip(places, said):
        name, _, operands = PREFIXES.sub("", text).partition(" ")
        operands = operands.strip()
        wanted_stack, wanted_amount = stack_effect(name, operands)
        wanted_way, where = way(name, operands)
        if where is not None:
            where = f"{where - base & (1 << 64) - 1:x}"
        check.equal((found_way, target, stack), (wanted_way, where or "-", wanted_stack), f"{here:x}: {text}")
        if wanted_amount is not None:
            check.equal(int(amount), wanted_amount, f"{here:x}: {text}")
        counts[stack] += 1
    for stack in ("moves", "push-fp", "pop-fp", "set-fp", "from-fp", "leave"):
        check.at_least(counts[stack], 3, f"instructions that do this: {stack}")


main()
