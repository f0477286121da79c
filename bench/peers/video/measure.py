"""Frames of videos by number in Python, one decoder thread: the peers of video_bench.cpp.

measure.py [--seconds 4] FILE...: needs torchcodec, decord, av, opencv-python-headless, ffms2 (with Debian's libffms2-5),
torchvision <= 0.25 and lightly 1.6.0; what cannot be imported is left out. Prints {"<case>/<file>": {peer: figure}} as JSON: `open`
in ms, the others in frames a second of processor time. Frames are drawn as there; arrays are RGB (OpenCV's are BGR).
"""
import argparse
import json
import shutil
import sys
import tempfile
import time
import warnings
from bisect import bisect_right
from pathlib import Path

MOST_IN_SEQUENCE = 1800

parser = argparse.ArgumentParser()
parser.add_argument("--seconds", type=float, default=4.0, help="how long each figure is measured for")
parser.add_argument("files", type=Path, nargs="+")
args = parser.parse_args()
warnings.simplefilter("ignore")


def draws(n):
    state = 1
    while True:
        state = (state * 1103515245 + 12345) % 2**31
        yield (state >> 8) % n


class Torchcodec:
    def __init__(self, path, seek_mode="exact"):
        from torchcodec.decoders import VideoDecoder

        self.decoder = VideoDecoder(str(path), num_ffmpeg_threads=1, seek_mode=seek_mode, dimension_order="NHWC")

    def __len__(self):
        return len(self.decoder)

    def frame(self, i):
        return self.decoder[i]

    def frames(self, indices):
        return self.decoder.get_frames_at(indices)


class TorchcodecApproximate(Torchcodec):
    def __init__(self, path):
        super().__init__(path, "approximate")


class Decord:
    def __init__(self, path):
        import decord

        self.reader = decord.VideoReader(str(path), num_threads=1)

    def __len__(self):
        return len(self.reader)

    def frame(self, i):
        return self.reader[i].asnumpy()

    def frames(self, indices):
        return self.reader.get_batch(indices).asnumpy()


class PyAV:
    """Seeks to the key frame before and decodes on; goes on where it stands when that is nearer."""

    def __init__(self, path):
        import av

        self.container = av.open(str(path))
        self.stream = self.container.streams.best("video")
        self.stream.thread_count = 1
        packets = [p for p in self.container.demux(self.stream) if p.pts is not None]
        self.times = sorted(p.pts for p in packets)
        self.keys = sorted(p.pts for p in packets if p.is_keyframe)
        self.container.seek(self.times[0], stream=self.stream)
        self.decoded, self.at = None, None

    def __len__(self):
        return len(self.times)

    def frame(self, i):
        wanted = self.times[i]
        key = self.keys[max(bisect_right(self.keys, wanted) - 1, 0)]
        if self.at is None or not max(key, 0) <= self.at < wanted:
            self.container.seek(wanted, stream=self.stream)
            self.decoded = self.container.decode(self.stream)
        for frame in self.decoded:
            self.at = frame.pts
            if frame.pts >= wanted:
                return frame.to_ndarray(format="rgb24")
        raise RuntimeError(f"no frame {i}")


class OpenCV:
    def __init__(self, path):
        import cv2

        self.cv2 = cv2
        self.capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        self.next = 0

    def __len__(self):
        return int(self.capture.get(self.cv2.CAP_PROP_FRAME_COUNT))

    def frame(self, i):
        if i != self.next:
            self.capture.set(self.cv2.CAP_PROP_POS_FRAMES, i)
        self.next = i + 1
        return self.capture.read()[1]


class FFMS2:
    def __init__(self, path):
        import ffms2

        self.source = ffms2.VideoSource(str(path), num_threads=1)
        first = self.source.get_frame(0)
        self.source.set_output_format([ffms2.get_pix_fmt("rgb24")], first.EncodedWidth, first.EncodedHeight, ffms2.FFMS_RESIZER_BILINEAR)

    def __len__(self):
        return self.source.properties.NumFrames

    def frame(self, i):
        return self.source.get_frame(i).planes[0]


class Lightly:
    def __init__(self, path):
        from lightly.data import LightlyDataset

        self.folder = tempfile.TemporaryDirectory()
        shutil.copy(path, self.folder.name)
        self.dataset = LightlyDataset(self.folder.name)

    def __len__(self):
        return len(self.dataset)

    def frame(self, i):
        return self.dataset[i][0]


def rate(frames_of_call):
    """Frames a second of processor time; `frames_of_call` is called over and over and says how many it gave."""
    frames, begin, end = 0, time.process_time(), time.perf_counter() + args.seconds
    while frames == 0 or time.perf_counter() < end:
        frames += frames_of_call()
    return frames / (time.process_time() - begin)


def in_sequence(make):
    reader = make()
    count = min(len(reader), MOST_IN_SEQUENCE)
    end = time.perf_counter() + args.seconds
    for i in range(count):
        reader.frame(i)
        if time.perf_counter() > end:
            return i + 1
    return count


def opening(make):
    times = []
    end = time.perf_counter() + args.seconds
    while len(times) < 3 or (len(times) < 40 and time.perf_counter() < end):
        begin = time.perf_counter()
        len(make())
        times.append(time.perf_counter() - begin)
    return 1e3 * sorted(times)[len(times) // 2]


PEERS = {
    "torchcodec": Torchcodec, "torchcodec approximate": TorchcodecApproximate, "decord": Decord, "PyAV": PyAV, "OpenCV": OpenCV,
    "ffms2": FFMS2, "lightly": Lightly,
}
results = {}
for path in args.files:
    for name, peer in PEERS.items():
        try:
            reader = peer(path)
            numbers = draws(len(reader))
            figures = {"open": opening(lambda: peer(path))}
            figures["random"] = rate(lambda: (reader.frame(next(numbers)), 1)[1])
            if hasattr(reader, "frames"):
                batch = draws(len(reader))
                figures["sorted_100"] = rate(lambda: (reader.frames(sorted(next(batch) for _ in range(100))), 100)[1])
            figures["sequential"] = rate(lambda: in_sequence(lambda: peer(path)))
        except Exception as error:  # what a peer cannot read is a result too
            print(f"measure.py: {name}: {path.name}: {type(error).__name__}: {str(error)[:200]}", file=sys.stderr)
            continue
        for case, figure in figures.items():
            results.setdefault(f"{case}/{path.name}", {})[name] = figure
print(json.dumps(results, indent=1))
