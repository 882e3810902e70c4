#!/bin/sh
# Install the servers and the browser that the tests drive, where they are missing (Debian packages).
set -e
packages=""
command -v redis-server >/dev/null || packages="$packages redis-server"
command -v chromium >/dev/null || packages="$packages chromium"
[ -z "$packages" ] && exit 0
echo "Installing$packages"
sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# shellcheck disable=SC2086
$sudo apt-get install -y -qq --no-install-recommends $packages >/dev/null
