#!/bin/bash
# Builds a Debian 12, boots it in software emulation, and has it answer lines: image.sh FOLDER LINES
# Needs mmdebstrap, qemu-system-x86, fdisk, a C compiler, and a root user; it mounts nothing. FOLDER gets answers.jsonl.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd); folder=$1; lines=$2; tree=$folder/tree; image=$folder/image
packages=linux-image-cloud-amd64,initramfs-tools,systemd-sysv,systemd-timesyncd,libpam-systemd,dbus,sudo,python3
packages+=,nginx,cron,openssh-server,procps,iproute2,iputils-ping,lsof,psmisc,net-tools,curl,bc,logrotate

if [ ! -e "$image.base" ]; then
    mmdebstrap --mode=root --skip=chroot/mount --variant=important --include="$packages" bookworm "$tree"
    cc -O1 -static -o "$folder/worker" "$here/worker.c"
    for name in alpha beta gamma delta epsilon; do install -m 755 "$folder/worker" "$tree/usr/local/bin/$name"; done
    cp "$here"/units/*.service "$tree/etc/systemd/system/"
    for name in alpha beta; do
        ln -sf "/etc/systemd/system/$name.service" "$tree/etc/systemd/system/multi-user.target.wants/$name.service"
    done
    python3 "$here/plant.py" "$tree"
    chroot "$tree" useradd -m -u 1000 -s /bin/bash ops
    chroot "$tree" chown -R root:crontab /var/spool/cron/crontabs
    chroot "$tree" systemctl enable systemd-networkd probe 2>/dev/null
    truncate -s 2G "$image.base"
    echo '2048,,83,*' | sfdisk -q "$image.base"
    mke2fs -q -F -t ext4 -d "$tree" -E offset=1048576 "$image.base" 2040M
fi
cp --sparse=always "$image.base" "$image"
debugfs -w -R "write $lines /root/lines" "$image?offset=1048576" 2>/dev/null
debugfs -w -R "write $here/probe.py /root/probe.py" "$image?offset=1048576" 2>/dev/null
qemu-system-x86_64 -accel tcg -m 1024 -smp 1 -nographic -no-reboot \
    -kernel "$tree"/boot/vmlinuz-* -initrd "$tree"/boot/initrd.img-* \
    -append 'console=ttyS0 root=/dev/sda1 ro quiet net.ifnames=0 ipv6.disable=1 mitigations=off' \
    -device virtio-scsi-pci -drive "file=$image,format=raw,if=none,id=disk" -device scsi-hd,drive=disk \
    -nic user,restrict=on,model=virtio-net-pci < /dev/null
debugfs -R "dump /root/answers.jsonl $folder/answers.jsonl" "$image?offset=1048576" 2>/dev/null
wc -l "$folder/answers.jsonl"
