# shellcheck shell=bash
# Helpers of the command line's tests, and where the recipes are.
recipes=$(realpath "$(dirname "${BASH_SOURCE[0]}")")/recipes
: "${recipes:?}"
. "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
