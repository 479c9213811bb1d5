#!/usr/bin/env bash
# Tailcall's binary wants a newer glibc than Debian 12 has: unpack that of Debian 13 into `glibc/`
# of the folder given, from the mirror that apt already uses. Nothing of the system is changed.
set -euo pipefail
cd "$1"
[ -d glibc ] && exit
mkdir -p apt/lists/partial apt/archives/partial
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >apt/sources.list
apt=(apt-get -qq -o "Dir::Etc::sourcelist=$PWD/apt/sources.list" -o Dir::Etc::sourceparts=-
  -o "Dir::State::lists=$PWD/apt/lists" -o "Dir::Cache=$PWD/apt" -o APT::Sandbox::User=root)
"${apt[@]}" update
(cd apt && "${apt[@]}" download libc6 libgcc-s1 && for package in *.deb; do dpkg-deb -x "$package" root; done)
mv apt/root glibc
rm -rf apt
