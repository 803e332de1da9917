#!/usr/bin/env bash
# tools/count-tests adds up what CTest wrote. Lines as CTest 3.25 and cmocka 1.1 print them.
source "$(dirname "$0")/lib.sh"

cat >"$scratch/log" <<'LOG'
Start testing
----------------------------------------------------------
1/6 Testing: base/good
1/6 Test: base/good
[==========] Running 3 test(s).
[  PASSED  ] 3 test(s).
[==========] 3 test(s) run.
<end of output>
Test time =   0.00 sec
----------------------------------------------------------
Test Passed.
2/6 Testing: base/mixed
2/6 Test: base/mixed
[==========] 4 test(s) run.
[  PASSED  ] 2 test(s).
[  SKIPPED ] 1 test(s), listed below:
[  FAILED  ] 1 test(s), listed below:
Test Failed.
3/6 Testing: base/leaks
3/6 Test: base/leaks
[==========] 2 test(s) run.
[  PASSED  ] 2 test(s).
Test Failed.
4/6 Testing: cli/script
4/6 Test: cli/script
Test Passed.
5/6 Testing: cli/crash
5/6 Test: cli/crash
Test Failed.
6/6 Testing: cli/absent
6/6 Test: cli/absent
Test Skipped.
End testing
LOG
# passed 3 + 2 + 2 + 1, failed 1 + 1 (leak) + 1 (crash), skipped 1 + 1
is_equal 'the sum' "$("$tools/count-tests" "$scratch/log")" '8 3 2'
finish
