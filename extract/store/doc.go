// Package store keeps finished work on disk: the rows of a source, a file a layer, and sums, a file a part. What a folder of it
// holds is named by a digest of all that it depends on, so runs share what they have in common, and a change of input is
// another name, never a stale number.
package store
