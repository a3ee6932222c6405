"""What scripts/demo found, in a few lines: python demo_summary.py FOLDER START END  (seconds since the epoch)."""

import json
import pathlib
import sys

FOOTAGE_SECONDS = 19.5  # data/people/street.mp4: 195 frames, 10 a second


def main(folder, start, end):
    folder = pathlib.Path(folder)
    frames = json.loads((folder / "results.json").read_text())["images"]
    picture = json.loads((folder / "picture.json").read_text())["images"][0]
    counts = [len(frame["objects"]) for frame in frames]
    seconds = float(end) - float(start)
    print()
    print(f"{len(frames)} frames, {sum(counts)} people found: {min(counts)} to {max(counts)} in a frame")
    print(
        f"{seconds:.1f} s to load the network, read, find, draw and save: {len(frames) / seconds:.1f} frames a second\n"
        f"(the footage plays {FOOTAGE_SECONDS} s: this is {FOOTAGE_SECONDS / seconds:.1f} times as fast)"
    )
    print(f"  video     {folder / 'street.mp4'}")
    print(f"  picture   {folder / '0600.jpg'} ({len(picture['objects'])} people)")
    print(f"  results   {folder / 'results.json'}")


if __name__ == "__main__":
    main(*sys.argv[1:])
