package fetch

// The addresses of all that can be fetched are in this file and nowhere else.

// archive is a file that its publisher does not change.
type archive struct {
	what    string
	address string
	sum     checksum
	size    int64 // bytes
	licence string
	texts   []string // of word vectors: what is in it
}

// sources are where everything comes from.
type sources struct {
	hub         string // the hub's address, where HF_ENDPOINT says nothing
	librispeech map[string]archive
	alignments  archive
	glove       map[string]archive
}

const (
	openSLR = "https://www.openslr.org/resources/12/"
	glove   = "https://nlp.stanford.edu/data/"

	ccBy = "CC BY 4.0"
	pddl = "ODC PDDL 1.0"
)

// published are the sources as their publishers name them.
//
// LibriSpeech: openslr.org/12, its md5sum.txt; Panayotov et al. 2015. The alignments: zenodo.org/records/2619474, Lugosch et al.
// 2019, whose page gives the MD5. GloVe: nlp.stanford.edu/projects/glove, Pennington et al. 2014; the publisher gives no checksums,
// and the SHA-256 are those that torchtext checks.
var published = sources{
	hub: "https://huggingface.co",
	librispeech: map[string]archive{
		"dev-clean":       {what: "LibriSpeech dev-clean", address: openSLR + "dev-clean.tar.gz", sum: "md5:42e2234ba48799c1f50f24a7926300a1", size: 337926286, licence: ccBy},
		"dev-other":       {what: "LibriSpeech dev-other", address: openSLR + "dev-other.tar.gz", sum: "md5:c8d0bcc9cca99d4f8b62fcc847357931", size: 314305928, licence: ccBy},
		"test-clean":      {what: "LibriSpeech test-clean", address: openSLR + "test-clean.tar.gz", sum: "md5:32fa31d27d2e1cad72775fee3f4849a9", size: 346663984, licence: ccBy},
		"test-other":      {what: "LibriSpeech test-other", address: openSLR + "test-other.tar.gz", sum: "md5:fb5a50374b501bb3bac4815ee91d3135", size: 328757843, licence: ccBy},
		"train-clean-100": {what: "LibriSpeech train-clean-100", address: openSLR + "train-clean-100.tar.gz", sum: "md5:2a93770f6d5c6c964bc36631d331a522", size: 6387309499, licence: ccBy},
		"train-clean-360": {what: "LibriSpeech train-clean-360", address: openSLR + "train-clean-360.tar.gz", sum: "md5:c0e676e450a7ff2f54aeade5171606fa", size: 23049477885, licence: ccBy},
		"train-other-500": {what: "LibriSpeech train-other-500", address: openSLR + "train-other-500.tar.gz", sum: "md5:d1a0fd59409feb2c614ce4d30c387708", size: 30593501606, licence: ccBy},
	},
	alignments: archive{what: "alignments of LibriSpeech", address: "https://zenodo.org/records/2619474/files/librispeech_alignments.zip?download=1",
		sum: "md5:2bab567d0ace651a4ba254e813629f46", size: 623023332, licence: ccBy},
	glove: map[string]archive{
		"glove.6B.zip": {what: "GloVe 6B", address: glove + "glove.6B.zip", sum: "sha256:617afb2fe6cbd085c235baf7a465b96f4112bd7f7ccb2b2cbd649fed9cbcf2fb", size: 862182613, licence: pddl,
			texts: []string{"glove.6B.50d.txt", "glove.6B.100d.txt", "glove.6B.200d.txt", "glove.6B.300d.txt"}},
		"glove.42B.300d.zip": {what: "GloVe 42B", address: glove + "glove.42B.300d.zip", sum: "sha256:03d5d7fa28e58762ace4b85fb71fe86a345ef0b5ff39f5390c14869da0fc1970", size: 1877800501, licence: pddl,
			texts: []string{"glove.42B.300d.txt"}},
		"glove.840B.300d.zip": {what: "GloVe 840B", address: glove + "glove.840B.300d.zip", sum: "sha256:c06db255e65095393609f19a4cfca20bf3a71e20cc53e892aafa490347e3849f", size: 2176768927, licence: pddl,
			texts: []string{"glove.840B.300d.txt"}},
		"glove.twitter.27B.zip": {what: "GloVe Twitter 27B", address: glove + "glove.twitter.27B.zip", sum: "sha256:792af52f795d1a32c9842a3240f5f3fe5e941a8ff6df5eb0f9d668092ebc019c", size: 1520408563, licence: pddl,
			texts: []string{"glove.twitter.27B.25d.txt", "glove.twitter.27B.50d.txt", "glove.twitter.27B.100d.txt", "glove.twitter.27B.200d.txt"}},
	},
}
