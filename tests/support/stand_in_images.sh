#!/bin/sh
# Makes stand-ins for the two base images of the Dockerfile where no image registry can be reached, from packages of Debian
# and the Deno that is given. Usage: stand_in_images.sh STORAGE DRIVER DENO DENORT DENO_IMAGE FINAL_IMAGE
set -eu
storage=$1 driver=$2 deno=$3 denort=$4 deno_image=$5 final_image=$6
work=$(mktemp -d "$storage/.draft.XXXXXX")
trap 'rm -rf "$work"' EXIT
certificates=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}

image() { buildah --storage-driver "$driver" --root "$storage/images" --runroot "$storage/run" "$@"; }

# root DIRECTORY PACKAGE...: the files of those packages, of which no script is run; as distroless images are made.
root() {
  directory=$1; shift
  mkdir -p "$directory" "$work/packages"
  (
    cd "$work/packages"
    apt-get download -qq "$@" >/dev/null 2>&1 || { apt-get update -qq && apt-get download -qq "$@"; } >/dev/null
  )
  for package; do dpkg-deb -x "$work"/packages/"$package"_*.deb "$directory"; done
  mkdir -p "$directory/tmp" "$directory/root" "$directory/etc/ssl/certs"
  chmod 1777 "$directory/tmp"
  cp "$certificates" "$directory/etc/ssl/certs/ca-certificates.crt"
  rm -rf "$directory/usr/share/man" "$directory/usr/share/doc"
}

# commit DIRECTORY IMAGE CONFIG...
commit() {
  directory=$1 name=$2; shift 2
  container=$(image from scratch)
  image copy --quiet "$container" "$directory" / >/dev/null
  image config "$@" "$container"
  image commit --quiet --format docker --rm "$container" "$name" >/dev/null
}

path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

if ! image inspect --type image "$final_image" >/dev/null 2>&1; then
  root "$work/final" base-files netbase tzdata libc6 libssl3 libgcc-s1 gcc-12-base libstdc++6 libgomp1
  echo 'root:x:0:0:root:/root:/sbin/nologin
nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin' >"$work/final/etc/passwd"
  echo 'root:x:0:
nonroot:x:65532:' >"$work/final/etc/group"
  install -d -m 700 -o 65532 -g 65532 "$work/final/home/nonroot"
  commit "$work/final" "$final_image" --user 65532 --workingdir /home/nonroot --env PATH=$path \
    --env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
fi

if ! image inspect --type image "$deno_image" >/dev/null 2>&1; then
  root "$work/deno" base-files libc6 libc-bin libgcc-s1 dash coreutils findutils grep sed libselinux1 libpcre2-8-0 \
    libacl1 libattr1 libgmp10
  echo 'root:x:0:0:root:/root:/bin/sh' >"$work/deno/etc/passwd"
  echo 'root:x:0:' >"$work/deno/etc/group"
  mkdir -p "$work/deno/deno-dir" "$work/deno/opt"
  install -m 755 "$deno" "$work/deno/usr/bin/deno"
  # The real one downloads its runtime part, and knows its authorities.
  install -m 755 "$denort" "$work/deno/opt/denort"
  commit "$work/deno" "$deno_image" --env PATH=$path --env DENO_DIR=/deno-dir/ --env DENORT_BIN=/opt/denort \
    --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
fi
