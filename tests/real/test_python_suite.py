#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""CPython's own tests of sockets and children, some of them: tests/python_suite.py. The long form,
tests/long/test_python_long.py, has them all."""

from python_suite import suite
from support import main, test


@test("CPython's tests of {2} have every verdict that they have bare, and a snapshot is what /proc has", timeout=280,
      each=[("test.test_socket", r"SCMRights|CloexecConstant|InheritanceTest|BasicTCPTest|BasicUDPTest", "sockets"),
            ("test.test_subprocess", r"\.POSIXProcessTestCase\.test_(close_fds|pass_fds|small_errpipe|remapping|swap|"
             r"restore|stopped|fs_encode|undecodable|bytes_program|select_unbuffered)", "children")])
def _(module, pattern, _what):
    suite([module], pattern, least=15)


main()
