// Package pickled reads the tensors of checkpoints that torch.save wrote, pytorch_model.bin and .pt files, without Python
// and without running anything that they contain.
//
//	f, err := pickled.Open("pytorch_model.bin")
//	f.Names()                                    // encoder.layers.0.attention.k_proj.weight, ...
//	f.Float32("encoder.layer_norm.weight")       // reads this tensor alone
//	f.Value("cfg.encoder_layers")                // int64(12): what lies beside the weights
//
// # The two forms of a file
//
// Since torch 1.6 a checkpoint is a zip archive of entries that are not compressed: NAME/data.pkl holds the object,
// NAME/data/KEY the bytes of a storage, NAME/byteorder "little" or "big". Before (and with
// _use_new_zipfile_serialization=False) it is a row of pickles, namely a magic number, the version 1001, facts on the
// system, the object and the keys of its storages, and then the storages: each an int64 count of elements and the elements.
//
// In both the object is a pickle in which a tensor is a call of torch._utils._rebuild_tensor_v2 with a storage, an offset,
// sizes and strides, and a storage is a persistent id ("storage", class, key, device, count). Several tensors may look at
// one storage.
//
// # What is read
//
// Pickles are programs for a stack machine, and Python's machine calls whatever a pickle names. The machine here (machine.go)
// has the opcodes of protocols 2 to 5 and calls nothing: a short table (calls.go) says which value stands for the result of
// which call. The call of any other function is an error with its name. Instances that are made without a call (NEWOBJ and
// BUILD, as argparse.Namespace and fairseq's Dictionary are) become an [Object], the class's name and its attributes.
//
// A tensor's name is the path of keys to it, joined by dots, as in "model.encoder.layers.0.fc1.weight" where a state dict lies
// under "model".
//
// # Hostile files
//
// Opening reads the pickle and no tensor. Pickles are at most 64 MiB long and take at most 2^20 steps; nothing is allocated
// because a number in the file says so, but for bytes that are there. Each storage is compared with its entry and the file's
// size, each tensor with its storage. Names of storages are looked up among the entries of the archive, never on the disk.
//
// # Why not a library
//
// github.com/nlpodyssey/gopickle v0.2.0 was looked at. It reads every storage whole into memory, at the size that the file
// claims; knows neither _rebuild_parameter nor _rebuild_tensor_v3; makes an object of every class and function that it
// does not know; panics at views of storages in the older form; and keeps no limits. What a checkpoint needs of
// pickle is less than what would have to be mended there.
package pickled
