#!/bin/bash
# sbatch --nodes 2 train/clusters/slurm.sh qwen2.5-32b --data logs/datasets/HASH sft.batch_size=1 sft.gradient_accumulation=16
# From the checkout, which all nodes see, as they must see logs/. Each node starts one process for each of its GPUs.
# DRY_RUN=1 bash train/clusters/slurm.sh … prints what would run on each node; NODES=2 GPUS=8 say how many.
#SBATCH --job-name=aj-train
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --time=24:00:00
#SBATCH --requeue
set -euo pipefail

nodes=${SLURM_JOB_NUM_NODES:-${NODES:-1}}
gpus=${SLURM_GPUS_ON_NODE:-${GPUS:-8}}
if [ -n "${DRY_RUN:-}" ]; then head=node0; else head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1); fi

on_node() { # the number of the node, then the words after `aj train`
  local rank=$1
  shift
  echo .venv/bin/accelerate launch --config_file train/clusters/ddp.yaml --num_machines "$nodes" --machine_rank "$rank" \
    --num_processes $((nodes * gpus)) --main_process_ip "$head" --main_process_port 29500 \
    -m loop.commands.main train "${@@Q}"
}

if [ -n "${DRY_RUN:-}" ]; then
  for ((rank = 0; rank < nodes; rank++)); do echo "node$rank: $(on_node "$rank" "$@")"; done
  # What it would train, and whether it fits: the processes that share a step are known from WORLD_SIZE.
  exec env WORLD_SIZE=$((nodes * gpus)) .venv/bin/aj train "$@" --dry-run
fi
# shellcheck disable=SC2016 # $SLURM_NODEID is known on the node
srun bash -c "$(on_node '$SLURM_NODEID' "$@")"
