import copy
import gc
import pickle
import weakref

import pytest
import torch
from torch import nn

from inferno import ContextualHook, Hook, Module, StateHook


class Calls(ContextualHook):
    def __init__(self, pre="pre", post="post", **kwargs):
        self.calls = []
        super().__init__(pre, post, **kwargs)

    def pre(self, module, *args):
        self.calls.append(("pre", args))
        return "ignored"

    def post(self, module, *args):
        self.calls.append(("post", args))
        return "ignored"


class Count(StateHook):
    def __init__(self, *args, log=None, label="", **kwargs):
        super().__init__(*args, **kwargs)
        self.count = 0
        self.log = log
        self.label = label

    def hook(self, module):
        self.count += 1
        if self.log is not None:
            self.log.append(self.label)


def tables(module):
    return len(module._forward_pre_hooks), len(module._forward_hooks)


def test_plain_hooks_change_inputs_and_outputs():
    module = nn.Identity()
    hook = Hook(lambda m, args: (args[0] + 1,), lambda m, args, out: out * 10)
    assert not hook.registered
    hook.register(module)
    assert hook.registered
    assert module(torch.tensor(1)).item() == 20
    hook.deregister()
    hook.deregister()
    assert module(torch.tensor(1)).item() == 1
    hook.register(nn.Identity())


def test_hooks_with_keywords():
    seen = []
    module = nn.Identity()
    hook = Hook(
        lambda m, args, kwargs: seen.append((args, kwargs)),
        lambda m, args, kwargs, out: seen.append(out),
        prehook_kwargs={"with_kwargs": True},
        posthook_kwargs={"with_kwargs": True},
    )
    hook.register(module)
    module(input=3)
    assert seen == [((), {"input": 3}), 3]


def test_hook_arguments():
    with pytest.raises(RuntimeError, match="prehook"):
        Hook()
    with pytest.raises(RuntimeError):
        ContextualHook()
    with pytest.raises(TypeError, match="`posthook`"):
        Hook(posthook=3)
    hook = Hook(lambda *a: None)
    with pytest.raises(TypeError, match="`module`"):
        hook.register(3)
    hook.register(module := nn.Identity())
    with pytest.raises(RuntimeError, match="already registered"):
        hook.register(3)
    assert tables(module) == (1, 0)


@pytest.mark.parametrize("train", [False, True])
@pytest.mark.parametrize("evaluation", [False, True])
def test_hooks_obey_the_mode_of_the_module(train, evaluation):
    module, calls = nn.Identity(), []
    hook = Hook(posthook=lambda *a: calls.append(1), train_update=train, eval_update=evaluation)
    hook.register(module)
    module.train()(1)
    assert len(calls) == train
    module.eval()(1)
    assert len(calls) == train + evaluation
    hook.trainexec, hook.evalexec = not train, not evaluation
    calls.clear()
    module.train()(1)
    module.eval()(1)
    assert len(calls) == 2 - train - evaluation


def test_contextual_hooks_call_methods_and_ignore_their_results():
    module = nn.Identity()
    hook = Calls()
    hook.register(module)
    assert module(4) == 4
    assert hook.calls == [("pre", ((4,),)), ("post", ((4,), 4))]
    assert tables(module) == (1, 1)


def test_a_missing_method_shows_when_called():
    module = nn.Identity()
    hook = Calls(pre="nowhere", post=None)
    hook.register(module)
    assert tables(module) == (1, 0)
    with pytest.raises(AttributeError, match="nowhere"):
        module(1)


@pytest.mark.parametrize("registered", [False, True])
@pytest.mark.parametrize(
    "make",
    [
        lambda m: Hook(lambda *a: None, lambda *a: None),
        lambda m: Calls(),
        Count,
        lambda m: Count(m, as_prehook=True),
    ],
)
def test_a_hook_ends_with_its_object(make, registered):
    module = nn.Identity()
    hook = make(module)
    if registered:
        hook.register() if isinstance(hook, StateHook) else hook.register(module)
        assert tables(module) != (0, 0)
    reference = weakref.ref(hook)
    gc.disable()
    try:
        del hook
        assert reference() is None
        assert tables(module) == (0, 0)
    finally:
        gc.enable()


def test_state_hook_calls():
    module = nn.Identity()
    hook = Count(module, eval_update=False)
    hook()
    assert hook.count == 0
    hook(force=True)
    hook.register()
    hook.register()
    hook()
    module(1)
    assert hook.count == 3
    module.eval()
    hook()
    module(1)
    assert hook.count == 3
    hook(ignore_mode=True)
    assert hook.count == 4
    assert hook.module is module


def test_order_of_state_hooks():
    log = []

    class Logs(nn.Module):
        def forward(self):
            log.append("forward")

    module = Logs()
    hooks = [
        Count(module, log=log, label="a"),
        Count(module, log=log, label="b", prepend=True),
        Count(module, log=log, label="c", as_prehook=True),
        Count(module, log=log, label="d", as_prehook=True, prepend=True),
    ]
    for hook in hooks:
        hook.register()
    module()
    assert log == ["d", "c", "forward", "b", "a"]


def test_always_call_runs_after_an_error():
    class Fails(nn.Module):
        def forward(self):
            raise ValueError("no")

    module = Fails()
    hooks = [Count(module), Count(module, always_call=True)]
    for hook in hooks:
        hook.register()
    with pytest.raises(ValueError, match="no"):
        module()
    assert [h.count for h in hooks] == [0, 1]


def test_state_hook_keeps_to_itself():
    module = nn.Linear(1, 1)
    hook = Count(module)
    module.hook = hook
    hook.register()
    hook.eval()
    assert module.training
    assert list(hook.state_dict()) == ["_extra_state"]
    module.train().to(torch.float64)
    assert len(module.state_dict()) == 3
    # as the reference saved it
    old = {**hook.state_dict(), "_hooked_module.weight": torch.ones(1, 1)}
    hook.load_state_dict(old)
    with pytest.raises(RuntimeError, match="foreign"):
        hook.load_state_dict({**old, "foreign": torch.ones(1)})


def test_state_hook_arguments():
    with pytest.raises(TypeError, match="`module`"):
        Count(3)
    with pytest.raises(TypeError, match="abstract"):
        StateHook(nn.Identity())


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copied_modules_have_copied_hooks(copied):
    module = Module()
    module.part = nn.Identity()
    module.hook = Count(module.part)
    module.hook.register()
    twin = copied(module)
    twin.part(1)
    assert (module.hook.count, twin.hook.count) == (0, 1)
    assert twin.hook.module is twin.part
    twin.hook.deregister()
    twin.part(1)
    assert twin.hook.count == 1
