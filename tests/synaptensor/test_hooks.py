import copy
import gc
import pickle
import subprocess
import sys
import weakref

import pytest
import torch
from torch import nn

from synaptensor.hooks import HookList, ManagedHook, managed_hooks

WAYS = {"deepcopy": copy.deepcopy, "pickle": lambda obj: pickle.loads(pickle.dumps(obj))}


@pytest.fixture(params=WAYS)
def duplicate(request):
    return WAYS[request.param]


class TestHookList:
    def test_calls_in_order_of_registration(self):
        calls = []
        hooks = HookList([lambda x: calls.append(("a", x))])
        hooks.append(lambda x: calls.append(("b", x)))
        hooks(3)
        assert calls == [("a", 3), ("b", 3)]

    def test_a_handle_removes_its_hook_only(self):
        hooks = HookList([len, len])
        handle = hooks.append(abs)
        assert list(hooks) == [len, len, abs]
        handle.remove()
        handle.remove()
        assert list(hooks) == [len, len]

    def test_a_handle_is_a_context(self):
        hooks = HookList()
        with hooks.append(abs):
            assert len(hooks) == 1
        assert not hooks

    def test_behaves_like_a_list_for_reading(self):
        hooks = HookList([abs, len])
        assert (hooks[0], hooks[-1], len(hooks), abs in hooks, max in hooks) == (
            abs,
            len,
            2,
            True,
            False,
        )
        hooks.remove(abs)
        assert list(hooks) == [len]
        hooks.clear()
        assert list(hooks) == []

    def test_removing_what_is_not_there_is_refused(self):
        with pytest.raises(ValueError, match="`hook` must be in the list"):
            HookList().remove(abs)

    def test_only_callables(self):
        hooks = HookList()
        with pytest.raises(TypeError, match="`hook` must be callable, got 3"):
            hooks.append(3)
        assert not hooks

    def test_stops_at_the_first_true_result_when_asked(self):
        calls = []
        hooks = HookList([lambda: calls.append(1), lambda: True, lambda: calls.append(2)])
        assert hooks.any_true()
        assert calls == [1]
        assert not HookList([lambda: None]).any_true()

    def test_hooks_may_remove_themselves_and_add_others_while_running(self):
        hooks, calls = HookList(), []
        handle = hooks.append(lambda: (handle.remove(), hooks.append(lambda: calls.append("new"))))
        hooks.append(lambda: calls.append("second"))
        hooks()
        assert calls == ["second"]
        hooks()
        assert calls == ["second", "second", "new"]

    def test_a_copy_is_independent(self, duplicate):
        hooks = HookList([abs])
        twin = duplicate(hooks)
        twin.append(len)
        assert (list(hooks), list(twin)) == ([abs], [abs, len])

    def test_a_handle_copied_with_its_list_belongs_to_the_copy(self, duplicate):
        hooks = HookList()
        both = {"handle": hooks.append(abs), "hooks": hooks}
        twin = duplicate(both)
        twin["handle"].remove()
        assert (list(hooks), list(twin["hooks"])) == ([abs], [])

    def test_appending_in_another_process_replaces_nothing(self, tmp_path):
        hooks = HookList([abs] * 5)
        file = tmp_path / "hooks.pickle"
        file.write_bytes(pickle.dumps(hooks))
        program = (
            "import pickle, sys; hooks = pickle.load(open(sys.argv[1], 'rb'));"
            "[hooks.append(len) for _ in range(9)]; print(len(hooks))"
        )
        output = subprocess.run(
            [sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=True
        )
        assert output.stdout.strip() == "14"


def add_one(module, args, output):
    return output + 1


def double_input(module, args):
    return (args[0] * 2,)


class Counter:
    def __init__(self):
        self.calls = 0

    def __call__(self, module, args, output):
        self.calls += 1


def handle_count(module):
    return len(module._forward_pre_hooks), len(module._forward_hooks)


class TestManagedHook:
    def test_changes_inputs_and_outputs(self):
        layer, x = nn.Identity(), torch.ones(2)
        hook = ManagedHook(double_input, add_one)
        hook.register(layer)
        assert torch.equal(layer(x), 2 * x + 1)
        hook.deregister()
        assert torch.equal(layer(x), x)

    def test_needs_a_callable(self):
        with pytest.raises(RuntimeError, match="`prehook` or `posthook` must be given"):
            ManagedHook()
        with pytest.raises(TypeError, match="`posthook` must be callable, got 3"):
            ManagedHook(posthook=3)
        with pytest.raises(TypeError, match="`prehook` must be callable, got 'f'"):
            ManagedHook(prehook="f")

    @pytest.mark.parametrize("train", [True, False])
    @pytest.mark.parametrize("evaluate", [True, False])
    def test_the_mode_of_the_module_gates_the_call(self, train, evaluate):
        layer, counter = nn.Identity(), Counter()
        hook = ManagedHook(posthook=counter, train_update=train, eval_update=evaluate)
        hook.register(layer)
        layer.train()(torch.ones(1))
        assert counter.calls == train
        layer.eval()(torch.ones(1))
        assert counter.calls == train + evaluate

    def test_gates_take_effect_at_once(self):
        layer, counter = nn.Identity(), Counter()
        hook = ManagedHook(posthook=counter)
        hook.register(layer)
        hook.trainexec = 0
        layer(torch.ones(1))
        assert (hook.trainexec, hook.evalexec, counter.calls) == (False, True, 0)
        hook.evalexec = False
        layer.eval()(torch.ones(1))
        assert counter.calls == 0
        hook.trainexec = True
        layer.train()(torch.ones(1))
        assert counter.calls == 1

    def test_registering_twice_is_refused_before_the_type_is_looked_at(self):
        hook = ManagedHook(posthook=add_one)
        layer = nn.Identity()
        assert not hook.registered
        hook.register(layer)
        assert hook.registered
        with pytest.raises(RuntimeError, match="already registered"):
            hook.register(3)
        assert handle_count(layer) == (0, 1)

    def test_only_modules(self):
        hook = ManagedHook(posthook=add_one)
        with pytest.raises(TypeError, match="`module` must be an instance of Module, got 3"):
            hook.register(3)
        assert not hook.registered

    def test_can_go_to_another_module_after_deregistering(self):
        first, second = nn.Identity(), nn.Identity()
        hook = ManagedHook(double_input, add_one)
        hook.deregister()
        hook.register(first)
        hook.deregister()
        hook.register(second)
        assert (handle_count(first), handle_count(second)) == ((0, 0), (1, 1))

    def test_torch_options_are_passed_on(self):
        seen, order = [], []
        layer = nn.Linear(1, 1)
        hooks = [
            ManagedHook(posthook=lambda *a: order.append("a")),
            ManagedHook(posthook=lambda *a: order.append("b"), posthook_kwargs={"prepend": True}),
            ManagedHook(lambda *a: order.append("c")),
            ManagedHook(lambda *a: order.append("d"), prehook_kwargs={"prepend": True}),
            ManagedHook(
                lambda *a: seen.append(a[2]),
                lambda *a: seen.append((a[2], a[3].shape)),
                prehook_kwargs={"with_kwargs": True},
                posthook_kwargs={"with_kwargs": True},
            ),
        ]
        for hook in hooks:
            hook.register(layer)
        x = torch.ones(3, 1)
        layer(input=x)
        assert order == ["d", "c", "b", "a"]
        assert seen == [{"input": x}, ({"input": x}, (3, 1))]

    def test_an_always_called_hook_runs_when_forward_fails(self):
        layer, counter = nn.Linear(2, 2), Counter()
        hook = ManagedHook(posthook=counter, posthook_kwargs={"always_call": True})
        hook.register(layer)
        with pytest.raises(RuntimeError):
            layer(torch.ones(3))
        assert counter.calls == 1

    def test_the_module_does_not_keep_the_hook_alive(self):
        layer = nn.Identity()
        hook = ManagedHook(double_input, add_one)
        hook.register(layer)
        alive = weakref.ref(hook)
        gc.disable()
        try:
            del hook
            assert alive() is None
            assert handle_count(layer) == (0, 0)
        finally:
            gc.enable()
        ManagedHook(posthook=add_one).register(layer)
        assert handle_count(layer) == (0, 0)

    def test_the_hook_does_not_keep_the_module_alive(self):
        layer = nn.Identity()
        hook = ManagedHook(posthook=add_one)
        hook.register(layer)
        alive = weakref.ref(layer)
        del layer
        gc.collect()
        assert alive() is None
        assert not hook.registered
        hook.register(nn.Identity())

    def test_the_hooks_of_a_module_are_found(self):
        layer = nn.Identity()
        both, post = ManagedHook(double_input, add_one), ManagedHook(posthook=add_one)
        post.register(layer)
        both.register(layer)
        layer.register_forward_hook(add_one)
        assert managed_hooks(layer) == [both, post]


class Owner(nn.Module):
    """Holds the hook that watches its layer, before or after the layer."""

    def __init__(self, hook_first):
        super().__init__()
        hook = ManagedHook(posthook=Counter(), posthook_kwargs={"with_kwargs": False})
        if hook_first:
            self.hook = hook
        self.layer = nn.Identity()
        self.hook = hook
        self.hook.register(self.layer)


class Watcher:
    """A hook that is a method of the object that holds it."""

    def __init__(self, layer):
        self.calls = 0
        self.hook = ManagedHook(posthook=self.watch)
        self.hook.register(layer)

    def watch(self, module, args, output):
        self.calls += 1


class TestCopies:
    def test_the_copied_module_has_its_own_working_hook(self, duplicate):
        layer, counter = nn.Identity(), Counter()
        hook = ManagedHook(posthook=counter)
        hook.register(layer)
        layer(torch.ones(1))
        twin = duplicate(layer)
        twin(torch.ones(1))
        (its_hook,) = managed_hooks(twin)
        assert its_hook is not hook
        assert (counter.calls, its_hook._posthook.calls) == (1, 2)
        its_hook.deregister()
        assert (handle_count(layer), handle_count(twin)) == ((0, 1), (0, 0))

    def test_the_copy_survives_the_original(self, duplicate):
        layer = nn.Identity()
        hook = ManagedHook(double_input, add_one)
        hook.register(layer)
        twin = duplicate(layer)
        del hook, layer
        gc.collect()
        assert torch.equal(twin(torch.ones(2)), torch.full((2,), 3.0))

    @pytest.mark.parametrize("hook_first", [True, False])
    def test_a_hook_copied_with_its_module_stays_connected(self, duplicate, hook_first):
        owner = Owner(hook_first)
        twin = duplicate(owner)
        assert managed_hooks(twin.layer) == [twin.hook]
        assert twin.hook.registered
        twin.layer(torch.ones(1))
        assert (owner.hook._posthook.calls, twin.hook._posthook.calls) == (0, 1)
        twin.hook.deregister()
        assert (handle_count(owner.layer), handle_count(twin.layer)) == ((0, 1), (0, 0))

    def test_a_method_hook_copied_with_its_object_calls_the_copy(self, duplicate):
        layer = nn.Identity()
        both = {"layer": layer, "watcher": Watcher(layer)}
        twin = duplicate(both)
        twin["layer"](torch.ones(1))
        assert (both["watcher"].calls, twin["watcher"].calls) == (0, 1)

    def test_copies_of_copies_work(self, duplicate):
        layer = nn.Identity()
        hook = ManagedHook(posthook=Counter())
        hook.register(layer)
        twin = duplicate(duplicate(layer))
        twin(torch.ones(1))
        assert managed_hooks(twin)[0]._posthook.calls == 1

    def test_a_copied_hook_alone_is_not_registered(self, duplicate):
        layer = nn.Identity()
        hook = ManagedHook(posthook=add_one, train_update=False)
        hook.register(layer)
        twin = duplicate(hook)
        assert (twin.registered, twin.trainexec, hook.registered) == (False, False, True)
        other = nn.Identity()
        twin.register(other)
        assert twin.registered
        assert handle_count(other) == (0, 1)

    def test_a_copy_goes_with_its_module(self, duplicate):
        layer = nn.Identity()
        hook = ManagedHook(posthook=add_one)
        hook.register(layer)
        twin = duplicate(layer)
        alive = weakref.ref(managed_hooks(twin)[0])
        del twin
        gc.collect()
        assert alive() is None

    def test_a_loaded_module_takes_new_hooks_in_another_process(self, tmp_path):
        layer = nn.Identity()
        hook = ManagedHook(posthook=print)
        hook.register(layer)
        file = tmp_path / "layer.pt"
        torch.save(layer, file)
        program = (
            "import sys, torch; layer = torch.load(sys.argv[1], weights_only=False);"
            "[layer.register_forward_hook(lambda *a: None) for _ in range(200)];"
            "print(len(layer._forward_hooks))"
        )
        output = subprocess.run(
            [sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=True
        )
        assert output.stdout.strip() == "201"


class NameHook(ManagedHook):
    """Calls a method of its own by name, as subclasses do."""

    def __init__(self):
        super().__init__(posthook=add_one)
        self.calls = 0

    def run_posthook(self, module, *args):
        self.calls += 1


class ModuleHook(nn.Module, NameHook):
    """A hook that is a module and holds what it hooks."""

    def __init__(self, module):
        nn.Module.__init__(self)
        NameHook.__init__(self)
        self.held = [module]
        self.register(module)


def test_subclasses_override_what_runs():
    layer, hook = nn.Identity(), NameHook()
    hook.register(layer)
    alive = weakref.ref(hook)
    assert torch.equal(layer(torch.ones(1)), torch.ones(1))
    assert hook.calls == 1
    del hook
    assert alive() is None


def test_a_hook_that_is_a_module_copies_with_what_it_hooks(duplicate):
    hook = ModuleHook(nn.Identity())
    twin = duplicate(hook)
    twin.held[0](torch.ones(1))
    assert (hook.calls, twin.calls, twin.registered) == (0, 1, True)
    assert twin.held[0] is not hook.held[0]
    twin.deregister()
    assert (handle_count(hook.held[0]), handle_count(twin.held[0])) == ((0, 1), (0, 0))
