from collections import OrderedDict, defaultdict, namedtuple

import torch
from torch import nn

from synaptensor.tensors import broadcastable, move_to, tensor_tree_map

Pair = namedtuple("Pair", ["left", "right"])


def test_broadcasting_is_told():
    assert broadcastable((2, 1, 3), (4, 1), ())
    assert not broadcastable((2, 3), (2,))


def test_trees_keep_their_containers():
    x = torch.ones(2)
    tree = {
        "list": [x, 1, "a"],
        "pair": Pair(x, None),
        "ordered": OrderedDict(b=x, a=x),
        "default": defaultdict(list, {"k": (x,)}),
    }
    doubled = tensor_tree_map(lambda t: t * 2, tree)
    assert torch.equal(doubled["list"][0], 2 * x)
    assert doubled["list"][1:] == [1, "a"]
    assert isinstance(doubled["pair"], Pair)
    assert list(doubled["ordered"]) == ["b", "a"]
    assert doubled["default"].default_factory is list
    assert torch.equal(doubled["default"]["k"][0], 2 * x)
    assert torch.equal(tree["list"][0], x)
    assert torch.equal(tree["default"]["k"][0], x)


def test_batches_move_with_packed_sequences():
    packed = nn.utils.rnn.pack_sequence([torch.ones(3), torch.ones(2)])
    moved = move_to([packed, {"x": torch.ones(2)}, "label"], torch.float64)
    assert moved[0].data.dtype == torch.float64
    assert moved[0].batch_sizes.dtype == torch.int64
    assert moved[1]["x"].dtype == torch.float64
    assert moved[2] == "label"
