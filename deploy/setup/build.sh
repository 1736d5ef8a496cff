# The npm packages and the build of setup.sh. Sourced by setup.sh, which defines fail and step; needs node_abi and
# node_headers of choose_node. A stamp file in node_modules and one in .cache tell what is done already.
# shellcheck shell=sh disable=SC2154,SC2034 # variables of setup.sh

# install_modules runs the install scripts of three packages: two compile native code, one installs its executable.
install_modules() (
  cd "$root" || return 1
  # Set by an npm that started this script, which may be another one than the npm used here.
  unset npm_config_node_gyp npm_execpath npm_node_execpath NODE
  npm_config_nodedir=$node_headers
  export npm_config_nodedir
  # The last command checks that the native modules load in this node.
  npm ci --ignore-scripts --no-audit --no-fund &&
    npm rebuild syscall-napi buffer2address esbuild &&
    node --input-type=module -e 'import "syscall-napi"; import "node-netlink"'
)

modules() {
  stamp=$root/node_modules/.xnet-setup
  want="$(sha256sum <"$root/package-lock.json") $node_abi"
  [ "$(cat "$stamp" 2>/dev/null)" != "$want" ] || return 0
  # The same packages may have been installed by hand.
  if [ -n "$(find "$root/node_modules/.package-lock.json" -newer "$root/package-lock.json" 2>/dev/null)" ] &&
    (cd "$root" && node --input-type=module -e 'import "syscall-napi"; import "node-netlink"') 2>/dev/null; then :; else
    step 'npm packages' install_modules
  fi
  worked=yes
  echo "$want" >"$stamp" || fail "can't write $stamp" "run: sudo sh $root/deploy/setup.sh"
}

compile() (
  cd "$root" && node_modules/.bin/tsc && node cli/scripts/bundle.js && node dist/bin/xnetd.js --make-compile-cache || return 1
  # Remove compiled tests without a source, or ava would run them.
  find dist/test -name '*.js' 2>/dev/null | while read -r file; do
    source=${file#dist/}
    [ -e "${source%.js}.ts" ] || rm -f "$file" "$file.map"
  done
)

build() {
  stamp=$cache/build.stamp
  if [ -e "$stamp" ] && [ -d "$root/dist" ]; then
    changed=$(cd "$root" && find proto controller node cli deploy test package.json package-lock.json tsconfig.json \
      -newer "$stamp" \( -name '*.ts' -o -name '*.json' -o -name '*.js' -o -name '*.cjs' -o -type d \) -print -quit 2>/dev/null) || :
    [ -n "$changed" ] || return 0
  fi
  # Dated before the build, so files edited during it are newer.
  touch "$stamp.new" 2>/dev/null || fail "can't write to $cache" "run: sudo sh $root/deploy/setup.sh"
  step 'build' compile
  mv "$stamp.new" "$stamp"
}
