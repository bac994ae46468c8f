#!/bin/bash
# sbatch --nodes 2 train/clusters/slurm.sh qwen2.5-32b --data logs/datasets/HASH sft.batch_size=1 sft.gradient_accumulation=16
# From the checkout, which all nodes see, as they must see logs/. Each node starts one process for each of its GPUs.
# CONFIG=fsdp sbatch … shards the base among all GPUs, for one that does not fit into each.
# DRY_RUN=1 bash train/clusters/slurm.sh … prints what would run on each node; NODES=2 GPUS=8 say how many.
#SBATCH --job-name=aj-train
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --time=24:00:00
#SBATCH --requeue
set -euo pipefail

export NODES=${SLURM_JOB_NUM_NODES:-${NODES:-1}}
export GPUS=${SLURM_GPUS_ON_NODE:-${GPUS:-8}}
node=train/clusters/node.sh

if [ -n "${DRY_RUN:-}" ]; then
  for ((n = 0; n < NODES; n++)); do NODE=$n HEAD=node0 bash "$node" "$@"; done
  # What it would train, and whether it fits: the launcher tells its processes these two.
  if [ "${CONFIG:-}" = fsdp ]; then export ACCELERATE_USE_FSDP=true; fi
  exec env WORLD_SIZE=$((NODES * GPUS)) .venv/bin/aj train "$@" --dry-run
fi
HEAD=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
export HEAD
# shellcheck disable=SC2016 # $SLURM_NODEID is known on the node
srun bash -c 'NODE=$SLURM_NODEID exec bash "$@"' node "$node" "$@"
