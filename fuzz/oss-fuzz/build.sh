#!/bin/bash -eu
exec "$SRC/sfu/fuzz/build.sh"
