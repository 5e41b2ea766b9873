#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Some of CPython's own tests of sockets and children: tests/python_suite.py. The long form,
tests/long/test_python_long.py, has all of them."""

from python_suite import suite
from support import main, test


@test("CPython's tests of {2} have the same verdicts as bare, and a snapshot matches /proc", timeout=280,
      each=[("test.test_socket", r"SCMRights|CloexecConstant|InheritanceTest|BasicTCPTest|BasicUDPTest", "sockets"),
            ("test.test_subprocess", r"\.POSIXProcessTestCase\.test_(close_fds|pass_fds|small_errpipe|remapping|swap|"
             r"restore|stopped|fs_encode|undecodable|bytes_program|select_unbuffered)", "children")])
def _(module, pattern, _what):
    suite([module], pattern, least=15)


main()
