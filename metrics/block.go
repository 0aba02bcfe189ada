package metrics

// BlockRows is how many rows are best added to moments at once: enough for the speed of matrix products, few enough to hold
// in memory. It is part of what a result is: sums are made block by block.
const BlockRows = 2048
