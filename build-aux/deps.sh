#!/bin/sh
# Brings a Debian 12 machine to the state that the build needs: the packages of packages.txt,
# BearSSL's source in build/deps/bearssl, and the provers listed in build/deps/why3.conf.
# Does nothing, quickly, when all of that is there.
set -eu

# The archive is Debian's "+dfsg.1": the upstream release without one Windows binary. Its
# contents are pinned by the digest, wherever it comes from: a file of this name that is put
# into build/deps by hand is taken as well.
bearssl=bearssl_0.6+dfsg.1.orig.tar.xz
bearssl_sha256=102a625bd8f6155260867a50c508df8d8c3f796985dd744df1a68e5cd1a79004

cd "$(dirname "$0")/.."
deps=$PWD/build/deps
mkdir -p "$deps"

fail() {
	printf 'deps: %s\n' "$*" >&2
	exit 1
}

missing_packages() {
	wanted=$(sed 's/#.*//' build-aux/packages.txt)
	# shellcheck disable=SC2086 # one word a package
	present=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $wanted 2>/dev/null |
		sed -n 's/ installed$//p') || true
	for package in $wanted; do
		printf '%s\n' "$present" | grep -qxF "$package" || printf '%s ' "$package"
	done
}

install_packages() {
	missing=$(missing_packages)
	[ -n "$missing" ] || return 0
	command -v apt-get >/dev/null ||
		fail "this is not a Debian system; install what corresponds to: $missing"
	as_root=
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null ||
			fail "packages are missing; as root, run: apt-get install --no-install-recommends $missing"
		as_root=sudo
	fi
	printf 'deps: installing %s\n' "$missing"
	$as_root apt-get -qq update
	# shellcheck disable=SC2086 # one word a package
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
		-o DPkg::Lock::Timeout=300 install $missing
	missing=$(missing_packages)
	[ -z "$missing" ] || fail "still missing after the installation: $missing"
}

# Source packages come from where this machine takes its binary packages, through a private
# list: neither the machine's configuration nor its package lists are touched.
fetch_bearssl() {
	apt=$deps/apt
	rm -rf "$apt"
	mkdir -p "$apt/sources" "$apt/lists/partial" "$apt/cache/archives/partial"
	for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -f "$list" ] || continue
		sed -n 's/^[[:space:]]*deb\(-src\)\{0,1\}[[:space:]]/deb-src /p' "$list"
	done | sort -u >"$apt/sources/one-line.list"
	for list in /etc/apt/sources.list.d/*.sources; do
		[ -f "$list" ] || continue
		sed 's/^[Tt]ypes:.*/Types: deb-src/' "$list" >"$apt/sources/${list##*/}"
	done
	set -- -qq \
		-o Dir::Etc::sourcelist=/dev/null \
		-o Dir::Etc::sourceparts="$apt/sources" \
		-o Dir::State::lists="$apt/lists" \
		-o Dir::Cache="$apt/cache" \
		-o APT::Sandbox::User="$(id -un)"
	# A repository without sources makes the update fail, but is no reason to stop here.
	apt-get "$@" update >"$apt/log" 2>&1 || true
	(cd "$apt" && apt-get "$@" --download-only --tar-only source bearssl) >>"$apt/log" 2>&1 || true
	if [ ! -f "$apt/$bearssl" ]; then
		cat "$apt/log" >&2
		fail "cannot get $bearssl; put that file into build/deps and run this again"
	fi
	mv "$apt/$bearssl" "$deps/"
	rm -rf "$apt"
}

unpack_bearssl() {
	[ ! -f "$deps/bearssl/.$bearssl_sha256" ] || return 0
	[ -f "$deps/$bearssl" ] || fetch_bearssl
	printf '%s  %s\n' "$bearssl_sha256" "$deps/$bearssl" | sha256sum -c --status ||
		fail "build/deps/$bearssl is not the archive this project was checked with; remove it"
	rm -rf "$deps/bearssl" "$deps/bearssl.new"
	mkdir "$deps/bearssl.new"
	tar -xJf "$deps/$bearssl" -C "$deps/bearssl.new" --strip-components=1
	: >"$deps/bearssl.new/.$bearssl_sha256"
	mv "$deps/bearssl.new" "$deps/bearssl"
	printf 'deps: unpacked %s\n' "$bearssl"
}

list_provers() {
	[ ! -s "$deps/why3.conf" ] || return 0
	if ! WHY3CONFIG=$deps/why3.conf.new why3 config detect >"$deps/why3.log" 2>&1 ||
		! grep -q 'name = "Z3"' "$deps/why3.conf.new" ||
		! grep -q 'name = "CVC4"' "$deps/why3.conf.new"; then
		cat "$deps/why3.log" >&2
		fail 'why3 does not find both z3 and cvc4'
	fi
	mv "$deps/why3.conf.new" "$deps/why3.conf"
}

# One at a time, however many makes ask.
exec 9>"$deps/lock"
flock 9
install_packages
unpack_bearssl
list_provers
if [ ! -f "$deps/stamp" ] || [ -n "$(find build-aux/deps.sh build-aux/packages.txt -newer "$deps/stamp")" ]; then
	: >"$deps/stamp"
fi
