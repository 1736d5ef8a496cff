#!/bin/sh
# The commands that a user types, in the root of test/fresh.sh. The last line is "N passed, N failed".
# usage: PART...
# Packing comes first: nothing but what it installs itself can be there then.
cd /root/xnet
passed=0 failed=0 tests=
count() {
  echo "$1 $2"
  if [ "$2" = passed ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}
packs() {
  sh deploy/setup.sh --build && sh deploy/pack.sh --output /root || return 1
  for program in etcd nft bird iperf3 fping busybox; do
    if command -v "$program"; then
      echo "packing has installed $program"
      return 1
    fi
  done
}
for part; do
  case $part in
    pack)
      echo "\$ sudo sh deploy/setup.sh --build && sh deploy/pack.sh"
      if packs; then count pack passed; else count pack failed; fi
      ;;
    demo)
      echo "\$ sudo npm run demo"
      if npm run demo; then count demo passed; else count demo failed; fi
      ;;
    *) tests="$tests $part" ;;
  esac
done
if [ -n "$tests" ]; then
  echo "\$ sudo npm test --$tests"
  code=0
  # Before the tests start, so that tail finds it.
  : >/root/tests.log
  # shellcheck disable=SC2086
  npm test --$tests >/root/tests.log 2>&1 &
  runner=$!
  tail --pid="$runner" --lines=+1 --sleep-interval=0.5 --follow /root/tests.log || :
  wait "$runner" || code=$?
  # A run that was killed prints no such line.
  line=$(grep -xE "[0-9]+ passed, [0-9]+ failed" /root/tests.log | tail -n 1)
  line=${line:-0 passed, 1 failed}
  passed=$((passed + ${line%% *}))
  line=${line#*, }
  failed=$((failed + ${line%% *}))
  if [ "$code" != 0 ] && [ "$failed" = 0 ]; then failed=1; fi
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
