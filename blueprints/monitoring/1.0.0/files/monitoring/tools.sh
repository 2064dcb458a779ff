#!/bin/sh
# Run promtool or amtool: sh monitoring/tools.sh amtool check-config monitoring/alertmanager.yml
# Taken is the one on the PATH; where there is none, or only an older one, the one in the image that deploy/compose.yaml runs,
# which sees the repository and can change nothing in it. Paths are relative to the repository.
# `sh monitoring/tools.sh --which amtool` only says which one it is.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$root"

only_say=
if [ "${1:-}" = --which ]; then
    only_say=yes
    shift
fi
tool=${1:-}
case $tool in
promtool)
    least=2.42 image=prom/prometheus:v3.5.1
    install='on Debian and Ubuntu: apt-get install prometheus'
    ;;
amtool)
    least=0.26 image=prom/alertmanager:v0.28.1
    install='on Debian 13, Ubuntu 24.04 and newer: apt-get install prometheus-alertmanager'
    ;;
*)
    echo "usage: sh monitoring/tools.sh [--which] promtool|amtool [ARGUMENT...]" >&2
    exit 2
    ;;
esac
shift

# Whether version $1 is $2 or newer.
reaches() {
    awk -v is="$1" -v least="$2" 'BEGIN {
        split(is, a, "."); split(least, b, ".")
        for (i = 1; i <= 3; i++) if (a[i] + 0 != b[i] + 0) exit a[i] + 0 < b[i] + 0
    }'
}

# One that was built from source says no version: it is taken as it is.
found=none
if command -v "$tool" >/dev/null; then
    found=$("$tool" --version 2>&1 | sed -n '1s/.*version \([0-9][0-9.]*\).*/\1/p')
    found=${found:-$least}
fi
if [ "$found" != none ] && reaches "$found" "$least"; then
    if [ -n "$only_say" ]; then
        command -v "$tool"
        exit
    fi
    exec "$tool" "$@"
fi
if docker info >/dev/null 2>&1; then
    if [ -n "$only_say" ]; then
        echo "image $image"
        exit
    fi
    exec docker run --rm --network none --user "$(id -u)" --tmpfs /tmp --volume "$root:/repository:ro" \
        --workdir /repository --entrypoint "/bin/$tool" "$image" "$@"
fi
echo "tools: $tool $least or newer is needed; on the PATH is $found." >&2
echo "       Install it ($install)," >&2
echo "       or start Docker: it is then run from the image $image." >&2
exit 1
