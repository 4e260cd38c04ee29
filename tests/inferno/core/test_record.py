import copy
import pickle
import random
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from inferno import Module, RecordTensor, ShapedTensor
from inferno.core.ring import record_size


def make(value, step_time=1.0, duration=4.0, owner=None, **kwargs):
    owner = Module() if owner is None else owner
    RecordTensor.create(owner, "x", step_time, duration, value, **kwargs)
    return owner


def filled(count=6, duration=4.0, **kwargs):
    module = make(torch.zeros(()), duration=duration, **kwargs)
    for i in range(count):
        module.x.push(torch.tensor(float(i)))
    return module


VALUES = {
    "none": lambda: None,
    "empty": lambda: torch.empty(0),
    "tensor": lambda: torch.rand(2, 3),
    "parameter": lambda: nn.Parameter(torch.rand(2, 3)),
    "uninitialized buffer": nn.UninitializedBuffer,
    "uninitialized parameter": nn.UninitializedParameter,
}
EMPTY = [kind for kind in VALUES if kind not in ("tensor", "parameter")]


@pytest.mark.parametrize(
    ("duration", "dt", "inclusive", "size"),
    [
        (0, 1, False, 1),
        (0, 1, True, 1),
        (1, 1, False, 1),
        (1, 1, True, 2),
        (2.5, 1, False, 3),
        (2.5, 1, True, 4),
        (1.1, 0.1, False, 11),
        (0.6, 0.2, True, 4),
        (5, 1.3, True, 5),
        (0.1 * 3, 0.1, False, 3),  # the quotient is 3.0000000000000004
        (0.3, 0.1, False, 3),
    ],
)
def test_record_size(duration, dt, inclusive, size):
    assert record_size(dt, duration, inclusive) == size
    module = make(torch.zeros(2), dt, duration, inclusive=inclusive)
    assert module.x.recordsz == size
    assert module.x.value.shape == (size, 2)


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("persist", [False, True])
def test_construction(kind, persist):
    value = VALUES[kind]()
    given = None if kind in EMPTY else value.detach().clone()
    module = make(
        value,
        0.75,
        3.25,
        constraints={0: 2, -1: 3},
        persist_data=persist,
        persist_constraints=persist,
        persist_temporal=persist,
        inclusive=True,
    )
    record = module.x
    assert ShapedTensor.constraints.fget(record) == {1: 2, -1: 3, 0: 6}
    assert record.constraints == {0: 2, -1: 3}
    assert (record.dt, record.duration, record.inclusive, record.pointer) == (0.75, 3.25, True, 0)
    if given is not None:
        assert torch.equal(record.value, given.expand(6, 2, 3))
        assert (record.value is value) == isinstance(value, nn.Parameter)
    assert record.shape == (None if given is None else (2, 3))
    extras = {"_x_constraints", "_x_dt", "_x_duration", "_x_inclusive"} if persist else set()
    assert set(module.get_extra_state()) == {"_x_pointer"} | extras
    assert ("_x_data" in module._non_persistent_buffers_set) == (
        not persist and not isinstance(value, nn.Parameter)
    )
    names = record.attributes
    assert type(names).__name__ == "RecordTensorAttributes"
    assert all(hasattr(module, name) for name in names)
    del module.x, record
    assert not any(hasattr(module, name) for name in names)


@pytest.mark.parametrize(
    ("times", "error"),
    [((0, 1), ValueError), ((1, -1), ValueError), ((None, 1), TypeError), (("x", 1), ValueError)],
)
def test_times_are_checked(times, error):
    module = Module()
    with pytest.raises(error):
        make(None, *times, owner=module)
    assert not hasattr(module, "_x_data")
    assert make(None, "0.5", "1").x.recordsz == 2


def test_value_must_fit_the_constraints():
    with pytest.raises(RuntimeError, match=r"\{0: 3\}"):
        make(torch.zeros(2), constraints={0: 3})


def test_order_of_the_worked_example():
    module = filled()
    assert module._x_data.tolist() == [4, 5, 2, 3]
    assert module._x_pointer == module.x.pointer == 2
    assert [module.x.read(k).item() for k in (0, 1, 2, 3, 4, -1)] == [2, 5, 4, 3, 2, 3]
    assert module.x.latest.item() == 5


def test_changes_of_time_keep_the_newest():
    record = (module := filled()).x
    for name, value, expected in (
        ("duration", 2, [4, 5]),
        ("duration", 5, [0, 0, 0, 4, 5]),
        ("dt", 2.5, [4, 5]),
        ("inclusive", True, [0, 4, 5]),
    ):
        setattr(record, name, value)
        assert module._x_data.tolist() == expected
        assert record.pointer == 0
        assert record.latest.item() == 5
    for name, value in (("dt", 0), ("duration", -1)):
        with pytest.raises(ValueError, match=f"`{name}`"):
            setattr(record, name, value)
    assert (record.dt, record.duration) == (2.5, 5)


@pytest.mark.parametrize("kind", EMPTY)
def test_changes_of_time_before_any_data(kind):
    record = (module := make(VALUES[kind]())).x
    record.dt, record.duration, record.inclusive = 0.5, 3.0, True
    assert record.recordsz == 7
    record.push(torch.ones(2))
    assert module._x_data.shape == (7, 2)


def test_the_owners_attributes_are_the_truth():
    module = filled()
    module._x_pointer = 1
    assert module.x.pointer == 1
    assert module.x.peek().item() == 4
    module._x_data = torch.arange(4.0)
    assert module.x.peek().item() == 0
    module.x.push(torch.tensor(9.0))
    assert module._x_data.tolist() == [0, 9, 2, 3]


def test_replaced_storage_is_not_written():
    mine = torch.arange(4.0)
    module = make(torch.zeros(()))
    module.x.value = mine
    module.x.push(torch.tensor(9.0))
    assert mine.tolist() == [0, 1, 2, 3]
    assert module.x.value.tolist() == [9, 1, 2, 3]


@pytest.mark.parametrize("wrap", [lambda t: t, nn.Parameter])
def test_align_rolls(wrap):
    for index in range(-4, 4):
        module = make(wrap(torch.zeros(())))
        module.x.value = torch.arange(4.0)
        module.x.align(index)
        assert torch.equal(module.x.value.data, torch.arange(4.0).roll(index))
        assert module.x.pointer == index
        assert module.x.peek().item() == 3
    for index in (4, -5, 0.5):
        with pytest.raises(ValueError, match="`index`"):
            module.x.align(index)
    empty = make(None)
    with pytest.raises(RuntimeError, match="no data"):
        empty.x.align()


@pytest.mark.parametrize("pointer", [1, 2, 3, 4])
def test_reset(pointer):
    module = make(torch.zeros(()))
    for fill, expected in ((None, torch.arange(4.0).roll(-pointer)), (7, torch.full((4,), 7.0))):
        module.x.value = torch.arange(4.0)
        module._x_pointer = pointer
        module.x.reset(fill)
        assert torch.equal(module.x.value, expected)
        assert module.x.pointer == 0
    empty = make(None)
    empty.x.reset(0)
    with pytest.raises(RuntimeError, match="no data"):
        empty.x.reset(None)


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("dtype", [None, torch.float16, torch.int32, torch.complex64])
def test_initialize_and_deinitialize(kind, dtype):
    value = VALUES[kind]()
    grad = isinstance(value, nn.Parameter) and (dtype is None or dtype.is_floating_point)
    if dtype is torch.int32 and isinstance(value, nn.Parameter):
        pytest.skip("integers have no gradient")
    record = (module := make(value)).x
    storage = record.initialize((5,), dtype=dtype, fill=2)
    assert storage is record.value
    assert storage.shape == (4, 5)
    assert storage.dtype == (dtype or torch.float32)
    assert torch.all(storage == 2)
    assert isinstance(storage, nn.Parameter) == isinstance(value, nn.Parameter)
    assert storage.requires_grad == (grad or (dtype is torch.complex64 and storage.requires_grad))
    record.pointer = 3
    for uninitialized in (False, True):
        record.deinitialize(uninitialized)
        assert record.ignored
        assert record.pointer == 0
        assert record.value.dtype == (dtype or torch.float32)
        assert isinstance(record.value, nn.Parameter) == isinstance(value, nn.Parameter)
        kinds = nn.UninitializedBuffer | nn.UninitializedParameter
        assert isinstance(record.value, kinds) == uninitialized
    assert module._x_data is record.value


def test_initialize_obeys_constraints():
    record = (owner := make(None, constraints={0: 2})).x
    with pytest.raises(ValueError, match=r"`shape`.*\{0: 2\}.*\(5,\)"):
        record.initialize((5,))
    with pytest.raises(ValueError, match="`shape`"):
        record.push(torch.zeros(5))
    assert owner.x.ignored


def test_emptied_value_resets_the_pointer():
    for empty in (None, torch.empty(0)):
        module = filled()
        module.x.value = empty
        assert module.x.pointer == 0
    module = filled()
    del module.x.value
    assert module.x.ignored


def test_the_first_observation_decides_the_type_without_one():
    for dtype in (torch.float32, torch.float64, torch.bool):
        module = make(None)
        module.x.push(torch.ones(2, dtype=dtype))
        assert module.x.value.dtype == dtype
    module = make(torch.empty(0))
    module.x.push(torch.tensor([True, False]))
    assert module.x.peek().tolist() == [1.0, 0.0]
    assert module.x.dtype == torch.float32


@pytest.mark.parametrize("kind", ["empty", "uninitialized parameter", "uninitialized buffer"])
def test_push_initializes(kind):
    module = make(VALUES[kind]())
    module.x.push(torch.ones(2), inplace=True)
    assert module.x.value.sum().item() == 2
    assert module.x.value.shape == (4, 2)
    assert module.x.value.requires_grad == (kind == "uninitialized parameter")


@pytest.mark.parametrize("kind", EMPTY)
def test_access_without_data(kind):
    record = (owner := make(VALUES[kind]())).x
    assert record.peek() is None
    assert record.pop() is None
    assert record.latest is None
    for call in (
        record.incr,
        record.decr,
        record.read,
        lambda: record.write(torch.zeros(1)),
        lambda: record.readrange(1),
        lambda: record.select(0.0),
        lambda: record.insert(torch.zeros(1), 0.0),
        record.borrow,
    ):
        with pytest.raises(RuntimeError, match="no data"):
            call()
    assert owner.x.pointer == 0


def test_pop_and_latest():
    module = filled()
    assert module.x.pop().item() == 5
    assert module.x.peek().item() == 4
    module.x.latest = torch.tensor(7.0)
    assert module.x.latest.item() == 7
    del module.x.latest
    assert module.x.latest.item() == 4
    assert module.x.incr(5) == 2
    assert module.x.decr(3) == 3


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("wrap", [lambda t: t, nn.Parameter])
def test_write_needs_the_exact_shape_and_casts(inplace, wrap):
    module = make(wrap(torch.zeros(2)))
    with pytest.raises(ValueError, match=r"\(2,\).*\(1,\)"):
        module.x.push(torch.zeros(1), inplace)
    assert module.x.pointer == 0
    module.x.write(torch.ones(2, dtype=torch.float64), 3, inplace)
    assert module.x.value.data[1].tolist() == [1, 1]
    assert module.x.dtype == torch.float32


@pytest.mark.parametrize("size", [1, 3])
def test_values_that_were_read_stay(size):
    module = make(torch.zeros(2), duration=float(size))
    seen = []
    for i in range(3 * size):
        module.x.push(torch.full((2,), float(i)))
        seen.append(module.x.peek())
    assert [x[0].item() for x in seen] == list(range(3 * size))
    whole = module.x.value
    before = whole.clone()
    module.x.push(torch.full((2,), -1.0))
    assert torch.equal(whole, before)


def test_values_read_by_time_and_range_stay():
    module = filled()
    seen = [module.x.select(0.0), module.x.readrange(2), module.x.pop()]
    for _ in range(4):
        module.x.push(torch.tensor(9.0))
    assert [x.tolist() for x in seen] == [5, [4, 5], 5]


def test_in_place_pushes_show_in_what_was_read():
    module = filled()
    oldest = module.x.read(0)
    module.x.push(torch.tensor(9.0), inplace=True)
    assert oldest.item() == 9


def test_unread_records_are_written_in_place():
    module = make(torch.zeros(2))
    module.x.push(torch.ones(2))
    address = module._x_data.data_ptr()
    for _ in range(10):
        module.x.push(torch.ones(2))
        module.x.borrow(1)
    assert module._x_data.data_ptr() == address


def test_reading_each_step_copies_the_ring_once_a_turn():
    module = make(torch.zeros(2), duration=8.0)
    addresses = set()
    for _ in range(64):
        module.x.push(torch.ones(2))
        kept = module.x.peek()
        addresses.add((module._x_data.data_ptr(), id(module._x_data)))
    assert len(addresses) <= 64 // 8 + 1
    assert kept.tolist() == [1, 1]


def test_gradients_flow_from_the_record():
    module = make(torch.zeros(2))
    first = torch.ones(2, requires_grad=True)
    module.x.push(2 * first)
    module.x.push(torch.ones(2))
    module.x.push(3 * first)
    module.x.value.sum().backward()
    assert first.grad.tolist() == [5, 5]


def test_no_gradient_in_place_or_into_parameters():
    source = torch.ones(2, requires_grad=True)
    module = make(torch.zeros(2))
    module.x.push(source, inplace=True)
    assert not module.x.value.requires_grad
    parameter = nn.Parameter(torch.zeros(2))
    module = make(parameter)
    module.x.push(source)
    assert module.x.value is parameter
    assert parameter.is_leaf
    assert parameter.data[0].tolist() == [1, 1]


def test_writing_does_not_spoil_graphs_of_other_observations():
    module = make(torch.zeros(2))
    weight = torch.ones(2, requires_grad=True)
    module.x.push(torch.full((2,), 3.0))
    product = (weight * module.x.peek()).sum()
    for _ in range(6):
        module.x.push(torch.zeros(2))
    product.backward()
    assert weight.grad.tolist() == [3, 3]


def test_in_place_writing_of_what_autograd_needs_is_noticed():
    module = make(torch.zeros(2), duration=1.0)
    weight = torch.ones(2, requires_grad=True)
    module.x.push(torch.ones(2), inplace=True)
    product = (weight * module.x.peek()).sum()
    module.x.push(torch.zeros(2), inplace=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.backward()


def test_recording_in_and_out_of_inference_mode():
    module = make(torch.empty(0))
    with torch.inference_mode():
        for _ in range(6):
            module.x.push(torch.ones(2))
            module.x.peek()
    module.x.push(torch.zeros(2))
    source = torch.ones(2, requires_grad=True)
    module.x.push(source)
    module.x.value.sum().backward()
    assert source.grad.tolist() == [1, 1]


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("wrap", [lambda t: t, nn.Parameter])
def test_ring_behaves_as_a_list(inplace, wrap):
    generator = random.Random(3)
    module = make(wrap(torch.zeros(2)), duration=5.0)
    expected = [0.0] * 5
    for i in range(200):
        action = generator.choice(["push", "push", "write", "peek", "align", "double"])
        if action == "push":
            module.x.push(torch.full((2,), float(i)), inplace)
            expected = [*expected[1:], float(i)]
        elif action == "write":
            k = generator.randrange(1, 6)
            module.x.write(torch.full((2,), float(i)), k, inplace)
            expected[-k] = float(i)
        elif action == "align":
            module.x.align(generator.randrange(-5, 5))
        elif action == "double":
            module.to(generator.choice([torch.float64, torch.float32]))
        assert [module.x.read(k)[0].item() for k in range(5, 0, -1)] == expected
        assert module.x.readrange(5)[0].tolist() == expected


def test_batch_size_changes():
    module = make(torch.zeros(3, 2))
    module.x.reconstrain(0, 3)
    module.x.push(torch.ones(3, 2))
    module.x.reconstrain(0, 2)
    assert module.x.pointer == 0
    assert module.x.latest.tolist() == [[1, 1], [1, 1]]
    module.x.reconstrain(0, 4)
    assert module.x.latest.tolist() == [[0, 0], [0, 0], [1, 1], [1, 1]]
    module.x.push(torch.ones(4, 2))
    module.x.reconstrain(-1, 2)
    assert module.x.constraints == {0: 4, -1: 2}
    assert ShapedTensor.constraints.fget(module.x) == {1: 4, -1: 2, 0: 4}


def test_checkpoint_into_fresh_and_used_records():
    source = filled()
    for target in (make(torch.empty(0)), make(None), make(torch.ones(()))):
        target.load_state_dict(source.state_dict())
        assert [target.x.read(k).item() for k in (1, 2, 3, 4)] == [5, 4, 3, 2]
        target.x.push(torch.tensor(6.0))
        assert source.x.peek().item() == 5
    empty = make(torch.empty(0))
    used = filled()
    used.load_state_dict(empty.state_dict())
    assert used.x.ignored
    with pytest.raises(RuntimeError, match="size mismatch"):
        make(torch.ones(()), duration=5.0).load_state_dict(source.state_dict())


def test_a_saved_record_is_a_moment():
    module = filled()
    saved = module.state_dict()
    for i in range(3):
        module.x.push(torch.tensor(float(-i)), inplace=bool(i % 2))
    fresh = make(torch.empty(0))
    fresh.load_state_dict(saved)
    assert [fresh.x.read(k).item() for k in (1, 2, 3, 4)] == [5, 4, 3, 2]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
@pytest.mark.parametrize("wrap", [lambda t: t, nn.Parameter])
def test_copies_go_their_own_way(copied, wrap):
    module = make(wrap(torch.zeros(())))
    for i in range(6):
        module.x.push(torch.tensor(float(i)))
    twin = copied(module)
    assert twin.x.owner is twin
    twin.x.push(torch.tensor(8.0))
    module.x.push(torch.tensor(9.0))
    assert (module.x.latest.item(), twin.x.latest.item()) == (9, 8)
    assert [twin.x.read(k).item() for k in (2, 3, 4)] == [5, 4, 3]


@pytest.mark.parametrize("owner", [nn.Module, SimpleNamespace])
def test_other_owners(owner):
    class Weak(owner):
        pass

    instance = filled(owner=Weak())
    assert instance._x_pointer == 2
    twin = copy.deepcopy(instance)
    twin.x.push(torch.tensor(7.0))
    assert instance.x.latest.item() == 5
    assert twin.x.latest.item() == 7
    instance.x.duration = 2.0
    assert instance.x.value.tolist() == [4, 5]
    del instance.x
    assert not [name for name in vars(instance) if name.startswith("_x")]


def test_storage_moves_with_the_module():
    module = filled()
    module.x.peek()
    module.to("meta")
    assert module.x.value.is_meta
    assert module.x.borrow(1).is_meta


def test_long_runs_do_not_grow():
    module = make(torch.zeros(4), duration=3.0, inclusive=True)
    for _ in range(10_000):
        module.x.push(torch.ones(4))
        module.x.peek()
    assert module._x_data.untyped_storage().nbytes() == 4 * 4 * 4
    assert len(module.x._attached_rows().lent) <= 4
    assert module.x.pointer == 10_000 % 4


def test_compiled_recording():
    torch.compiler.reset()
    module = make(torch.zeros(3), duration=1.0)

    def step(x):
        module.x.push(x * 2)
        return module.x.peek() + 1

    compiled = torch.compile(step, backend="eager")
    for i in range(3):
        x = torch.full((3,), float(i))
        assert torch.equal(compiled(x), x * 2 + 1)
    assert module.x.peek().tolist() == [4, 4, 4]


def test_checkpoints_with_one_slot_too_many_still_load():
    def make_rounded():
        return make(torch.empty(0), 0.1, 0.1 * 3)

    assert 0.1 * 3 / 0.1 > 3
    source = make_rounded()
    source.x.duration = 0.4
    for i in range(6):
        source.x.push(torch.tensor([float(i)]))
    saved = source.state_dict()
    assert saved["_x_data"].shape == (4, 1)
    target = make_rounded()
    target.load_state_dict(saved)
    assert [target.x.read(k).item() for k in (1, 2, 3)] == [5, 4, 3]
    with pytest.raises(RuntimeError, match="size mismatch"):
        make(torch.empty(0), 0.1, 0.2).load_state_dict(saved)


@pytest.mark.parametrize("size", [1, 3])
def test_claimed_slots_become_the_newest_with_the_pointer(size):
    module = make(torch.zeros(2), duration=float(size))
    module.x.push(torch.ones(2))
    for i in range(2 * size):
        state, out = module.x.turn()
        assert state.tolist() == module.x.borrow(1).tolist()
        torch.add(state, 1, out=out)
        module.x.incr()
        assert module.x.peek().tolist() == [i + 2, i + 2]
    slot = module.x.claim()
    slot.fill_(-1)
    module.x.incr()
    assert module.x.latest.tolist() == [-1, -1]


@pytest.mark.parametrize("inplace", [False, True])
def test_claiming_respects_what_was_read(inplace):
    module = make(torch.zeros(2), duration=1.0)
    module.x.push(torch.ones(2))
    seen = module.x.peek()
    module.x.claim(inplace).fill_(7)
    assert seen.tolist() == ([7, 7] if inplace else [1, 1])
    seen = module.x.peek()
    module.x.turn(inplace)[1].fill_(9)
    assert seen.tolist() == ([9, 9] if inplace else [7, 7])


def test_nothing_to_claim_where_autograd_or_a_parameter_forbids_it():
    source = torch.ones(2, requires_grad=True)
    module = make(torch.zeros(2))
    module.x.push(source)
    for record in (module.x, (other := make(nn.Parameter(torch.zeros(2)))).x):
        assert record.claim() is None
        assert record.turn() is None
        assert record.borrow(1).shape == (2,)
    assert other.x.claim() is None


def test_views_of_views_are_seen():
    module = make(torch.zeros(2, 3), duration=2.0)
    module.x.push(torch.ones(2, 3))
    part = module.x.peek().flatten()[2:4]
    for _ in range(4):
        module.x.push(torch.zeros(2, 3))
    assert part.tolist() == [1, 1]


def test_without_counts_what_was_given_out_counts_as_seen(monkeypatch):
    from inferno.core import ring

    monkeypatch.setattr(ring, "users_are_counted", lambda: False)
    module = make(torch.zeros(2), duration=2.0)
    seen = []
    for i in range(6):
        module.x.push(torch.full((2,), float(i)))
        seen.append(module.x.peek())
    assert [x[0].item() for x in seen] == list(range(6))


def test_this_torch_counts_the_users_of_a_storage():
    from inferno.core import ring

    if not hasattr(torch._C, "_storage_Use_Count"):
        pytest.skip("this torch does not tell how many tensors use a storage")
    assert ring.users_are_counted()
