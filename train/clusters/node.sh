#!/bin/bash
# Starts one process for each GPU of this node, as slurm.sh and skypilot.yaml ask; its arguments are the words after `aj train`.
# NODES, NODE (the number of this one), GPUS (of each) and HEAD (the first one) describe the cluster; CONFIG=fsdp shards
# the base.
# With DRY_RUN=1 it prints the command instead.
set -euo pipefail

command=(.venv/bin/accelerate launch --config_file "train/clusters/${CONFIG:-ddp}.yaml"
  --num_machines "$NODES" --machine_rank "$NODE" --num_processes "$((NODES * GPUS))"
  --main_process_ip "$HEAD" --main_process_port 29500 -m loop.commands.main train "$@")
if [ -z "${DRY_RUN:-}" ]; then exec "${command[@]}"; fi
printf 'node%s:' "$NODE"
printf ' %q' "${command[@]}"
echo
