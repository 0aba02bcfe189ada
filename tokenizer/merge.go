package tokenizer

import "container/heap"

// merger is a word on the way from bytes to pieces: a list of pieces, of which two neighbours after the other become one. A link
// keeps the place of its first byte.
type merger struct {
	links []link
	queue joints
}

// link is a piece of the word.
type link struct {
	piece          int32
	bytes          int // how many it covers; 0 once it was joined to the one before it
	previous, next int // links, -1 at the ends
}

// candidate is a pair of neighbours that may be joined.
type candidate struct {
	joint
	at          int // the first of the two
	left, right int32
}

func (c *merger) reset() { c.links, c.queue = c.links[:0], c.queue[:0] }

// add appends a byte.
func (c *merger) add(piece int32) {
	n := len(c.links)
	if n > 0 {
		c.links[n-1].next = n
	}
	c.links = append(c.links, link{piece: piece, bytes: 1, previous: n - 1, next: -1})
}

// join joins pairs until none is left that becomes a piece: always the one of the lowest rank, and of these the first.
func (c *merger) join(joined map[[2]int32]joint) {
	for i := range c.links {
		c.offer(i, joined)
	}
	for len(c.queue) > 0 {
		of := heap.Pop(&c.queue).(candidate)
		l := &c.links[of.at]
		if l.bytes == 0 || l.next < 0 || l.piece != of.left || c.links[l.next].piece != of.right {
			continue // one of the two was joined to another meanwhile
		}
		gone := &c.links[l.next]
		l.piece, l.bytes, l.next = of.piece, l.bytes+gone.bytes, gone.next
		gone.bytes = 0
		if l.next >= 0 {
			c.links[l.next].previous = of.at
		}
		c.offer(l.previous, joined)
		c.offer(of.at, joined)
	}
}

// offer puts the pair that begins at a link into the queue, if it becomes a piece.
func (c *merger) offer(at int, joined map[[2]int32]joint) {
	if at < 0 || c.links[at].next < 0 {
		return
	}
	left, right := c.links[at].piece, c.links[c.links[at].next].piece
	if j, ok := joined[[2]int32{left, right}]; ok {
		heap.Push(&c.queue, candidate{j, at, left, right})
	}
}

// joints is a heap of candidates, the next one first.
type joints []candidate

func (q joints) Len() int { return len(q) }
func (q joints) Less(i, j int) bool {
	return q[i].rank < q[j].rank || q[i].rank == q[j].rank && q[i].at < q[j].at
}
func (q joints) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *joints) Push(x any)   { *q = append(*q, x.(candidate)) }
func (q *joints) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	*q = (*q)[:last]
	return x
}
