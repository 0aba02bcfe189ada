// Package slurm hands the shards of a run to the Slurm workload manager: it writes a job array and a dependent merge job,
// submits them with sbatch, and asks squeue how far they are. It knows nothing of what a shard does.
//
//	job := &slurm.Job{Name: "timit", Program: "/usr/local/bin/pipeline", Args: []string{"timit.yaml"}, Dir: "runs/timit/slurm", Shards: 16}
//	sub, err := job.Submit(ctx, []int{1, 2, 3})
package slurm
