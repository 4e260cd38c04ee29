"""Addresses of the names of other projects, so that annotations and pages can link to them.

The build reaches no network and reads no inventory: addresses follow from the rules by which each
project lays out its documentation. ``[Generator][torch.Generator]`` works on every page.
"""

import builtins

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files

PYTHON = "https://docs.python.org/3/library"
TORCH = "https://docs.pytorch.org/docs/stable"
NUMPY = "https://numpy.org/doc/stable/reference"

STANDARD_TYPES = "bytearray bytes dict frozenset list memoryview range set str tuple"
FUNCTIONS = "bool complex float int object property slice type"

# module of the standard library to names
LIBRARY = {
    "abc": "ABC",
    "argparse": "ArgumentParser Namespace",
    "collections": "ChainMap Counter OrderedDict defaultdict deque namedtuple",
    "collections.abc": "Callable Collection Container Generator Hashable Iterable Iterator "
    "Mapping MutableMapping MutableSequence Sequence Set Sized",
    "concurrent.futures": "Future ThreadPoolExecutor",
    "contextlib": "AbstractContextManager ExitStack",
    "contextvars": "ContextVar",
    "dataclasses": "Field dataclass field",
    "enum": "Enum",
    "functools": "partial",
    "io": "BytesIO StringIO",
    "math": "inf nan pi",
    "os": "PathLike",
    "pathlib": "Path",
    "threading": "local",
    "types": "EllipsisType MappingProxyType ModuleType SimpleNamespace TracebackType",
    "typing": "Any ClassVar Final Generic IO Literal NamedTuple NoReturn ParamSpec Protocol Self "
    "TypeAlias TypeVar TypedDict",
    "weakref": "ReferenceType WeakKeyDictionary WeakValueDictionary ref",
}

# page to names; {} stands for the name itself
TORCH_PAGES = {
    "generated/{}": "torch.Generator torch.nn.Module torch.nn.ModuleDict torch.nn.ModuleList "
    "torch.nn.ParameterDict torch.nn.ParameterList torch.nn.Sequential torch.nn.Linear "
    "torch.nn.Conv1d torch.nn.Conv2d torch.nn.Conv3d torch.nn.BatchNorm2d torch.nn.Embedding "
    "torch.nn.CrossEntropyLoss torch.nn.NLLLoss "
    "torch.nn.LayerNorm torch.nn.parameter.Parameter torch.optim.Adam torch.optim.SGD "
    "torch.optim.lr_scheduler.LRScheduler torch.no_grad torch.compile torch.manual_seed "
    "torch.save torch.load torch.einsum torch.mean",
    "autograd": "torch.autograd.Function",
    "data": "torch.utils.data.DataLoader torch.utils.data.Dataset",
    "optim": "torch.optim.Optimizer",
    "size": "torch.Size",
    "tensor_attributes": "torch.device torch.dtype torch.layout",
    "tensors": "torch.Tensor",
}
TORCH_MODULES = {
    "torch": "torch",
    "torch.autograd": "autograd",
    "torch.nn": "nn",
    "torch.optim": "optim",
    "torch.utils.data": "data",
}
NUMPY_PAGES = {
    "generated/{}": "numpy.dtype numpy.ndarray",
    "constants": "numpy.inf",
    "arrays.scalars": "numpy.float32 numpy.float64 numpy.int64 numpy.integer numpy.uint32 "
    "numpy.uint64 numpy.uint8",
    "random/generator": "numpy.random.Generator",
    "typing": "numpy.typing.ArrayLike numpy.typing.NDArray",
}
OTHERS = {
    "torch.float32": f"{TORCH}/tensor_attributes.html#torch.dtype",
    "torch.float64": f"{TORCH}/tensor_attributes.html#torch.dtype",
    "torch.nn.Parameter": f"{TORCH}/generated/torch.nn.parameter.Parameter.html",
    "numpy": f"{NUMPY}/index.html",
    "numpy.random": f"{NUMPY}/random/index.html",
    "multiprocessing.connection.Connection": (
        f"{PYTHON}/multiprocessing.html#multiprocessing.connection.Connection"
    ),
    "matplotlib.axes.Axes": ("https://matplotlib.org/stable/api/_as_gen/matplotlib.axes.Axes.html"),
    "matplotlib.figure.Figure": (
        "https://matplotlib.org/stable/api/_as_gen/matplotlib.figure.Figure.html"
    ),
    "matplotlib.animation.FuncAnimation": (
        "https://matplotlib.org/stable/api/_as_gen/matplotlib.animation.FuncAnimation.html"
    ),
    "pandas": "https://pandas.pydata.org/docs/reference/index.html",
    "pandas.DataFrame": (
        "https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.html#pandas.DataFrame"
    ),
}


def addresses() -> dict[str, str]:
    """Return the address of every name."""
    result = dict(OTHERS)
    result |= {name: f"{PYTHON}/stdtypes.html#{name}" for name in STANDARD_TYPES.split()}
    result |= {name: f"{PYTHON}/functions.html#{name}" for name in FUNCTIONS.split()}
    for name, value in vars(builtins).items():
        if isinstance(value, type) and issubclass(value, BaseException):
            result[name] = f"{PYTHON}/exceptions.html#{name}"
    for module, names in LIBRARY.items():
        result[module] = f"{PYTHON}/{module}.html"
        for name in names.split():
            result[f"{module}.{name}"] = f"{PYTHON}/{module}.html#{module}.{name}"
    for base, pages in ((TORCH, TORCH_PAGES), (NUMPY, NUMPY_PAGES)):
        for page, names in pages.items():
            for name in names.split():
                result[name] = f"{base}/{page.format(name)}.html#{name}"
    return result | {name: f"{TORCH}/{page}.html" for name, page in TORCH_MODULES.items()}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Tell the plugin that resolves references, before any page is rendered."""
    for name, address in addresses().items():
        config.plugins["autorefs"].register_url(name, address)
    return files
