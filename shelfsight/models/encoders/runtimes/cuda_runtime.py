"""The towers on an NVIDIA GPU: bytes through pinned memory, bfloat16, every batch size one CUDA graph.

What that buys over ``TorchRuntime`` on the same device: a batch crosses the bus while another is computed; a forward
pass is one launch instead of hundreds, which are most of the time of a query; a thread that waits for its batch waits
for that batch alone, and leaves its core to decoding.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from shelfsight.core.vectors import FloatArray
from shelfsight.models.encoders.folding import fold_batch_norms
from shelfsight.models.encoders.loading import Loaded
from shelfsight.models.encoders.precision import wants_bfloat16
from shelfsight.models.encoders.runtimes.base import IdArray, PixelArray
from shelfsight.models.encoders.runtimes.lanes import Lanes, Network, recording
from shelfsight.models.encoders.runtimes.towers import PictureTower, text_tower

__all__ = ["CudaRuntime", "GraphRecorder", "cast_weights"]

_PICTURES = 256
_TEXTS = 64


class CudaRuntime:
    """Both towers on one GPU, texts in float32, pictures in bfloat16 where the GPU has it.

    Runs on a CPU too, without graphs, for tests.
    """

    name = "cuda"

    def __init__(self, loaded: Loaded, device: torch.device) -> None:
        """
        Args:
            loaded: its picture tower is folded, laid out channels last and cast, in place.
        """
        model = loaded.model
        self._bfloat16 = wants_bfloat16(model, device)
        fold_batch_norms(model.visual)
        model.visual.to(memory_format=torch.channels_last)
        if self._bfloat16:
            cast_weights(model.visual)
        pictures = PictureTower(model, loaded.mean, loaded.std).to(device).eval()
        self._tower = pictures
        texts = text_tower(model).to(device).eval()  # uncut: fewer shapes, fewer recordings
        recorder = GraphRecorder if device.type == "cuda" else None
        self._pictures = Lanes(self._seeing(pictures), device, dtype=torch.uint8, limit=_PICTURES, recorder=recorder)
        self._texts = Lanes(texts, device, dtype=torch.int64, limit=_TEXTS, recorder=recorder)
        if device.type == "cuda":
            with recording:  # the lanes' streams do not wait by themselves for the one that brought the weights
                torch.cuda.synchronize(device)

    @property
    def batch_size(self) -> int:
        """Pictures that keep the GPU busy, as far as its memory has been found to go."""
        return self._pictures.limit

    @property
    def bfloat16(self) -> bool:
        """Whether pictures run under bfloat16 autocast."""
        return self._bfloat16

    @property
    def picture_tower(self) -> PictureTower:
        """The tower itself, on its device, its batch normalisations folded and its weights cast."""
        return self._tower

    def encode_pictures(self, pixels_bchw: PixelArray) -> FloatArray:
        """See :class:`~shelfsight.models.encoders.runtimes.base.Runtime`."""
        return self._pictures(pixels_bchw)

    def encode_texts(self, ids: IdArray) -> FloatArray:
        """See :class:`~shelfsight.models.encoders.runtimes.base.Runtime`."""
        return self._texts(ids)

    def _seeing(self, tower: nn.Module) -> Network:
        def see(pixels_bchw: Tensor) -> Tensor:
            # Autocast's own cache of cast weights must not outlive a recording; there is nothing left to cast anyway.
            with torch.autocast(pixels_bchw.device.type, torch.bfloat16, self._bfloat16, cache_enabled=False):
                features: Tensor = tower(pixels_bchw.contiguous(memory_format=torch.channels_last))
            return features.float()

        return see


def cast_weights(tower: nn.Module) -> None:
    """Cast to bfloat16, in place, the weights that autocast would cast again in every pass: those of linear layers,
    convolutions and attention. The vectors are the same bit for bit; normalisations stay in float32."""
    for part in tower.modules():
        if isinstance(part, (nn.Linear, nn.Conv2d)):
            part.to(torch.bfloat16)
        elif isinstance(part, nn.MultiheadAttention):
            for name in ("in_proj_weight", "in_proj_bias"):
                if (parameter := getattr(part, name)) is not None:
                    parameter.data = parameter.data.to(torch.bfloat16)


class GraphRecorder:
    """Records CUDA graphs that share their memory, because they run one after the other."""

    def __init__(self) -> None:
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, network: Network, given: Tensor) -> Callable[[], Tensor]:
        """A graph of ``network`` on what ``given`` will hold, recorded on the current stream.

        Raises:
            RuntimeError: the network waits for the device, or does what else no graph can hold.
        """
        graph = torch.cuda.CUDAGraph()
        stream = torch.cuda.current_stream(given.device)
        # Only this thread is bound by a recording's rules: others may go on computing and allocating.
        with torch.cuda.graph(graph, self._pool, stream, capture_error_mode="thread_local"):
            output = network(given)

        def replay() -> Tensor:
            graph.replay()
            return output

        return replay
