"""The command line: predict, batch, info, build, self-test, quantize and serve, as the C++ program `trtyolo` has them.

Exit status: 0 done, 1 a failure that is named, 2 wrong usage, 130 ended by Ctrl-C, 143 by SIGTERM, 141 nobody reads.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

import tensorrt_yolo as ty
from tensorrt_yolo.program import batch, build, info, predict, quantize, self_test, serve
from tensorrt_yolo.program.reading import reason_of
from tensorrt_yolo.program.signals import Signals
from tensorrt_yolo.program.terminal import printable, say


class _Parser(argparse.ArgumentParser):
    """Its messages repeat what stands on the command line, as names of files that a pattern has matched."""

    def _print_message(self, message: str, file: Any = None) -> None:
        super()._print_message(printable(message), file)


_COMMANDS = (predict, batch, info, build, self_test, quantize, serve)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; gives the exit status."""
    parser = _Parser(
        prog="python -m tensorrt_yolo" if sys.argv[0].endswith("__main__.py") else "tensorrt_yolo",
        description="YOLO models, one engine and many clones, on CPUs and NVIDIA GPUs.",
        epilog="Every command has --help. The C++ program `trtyolo` has them, too, but for batch and serve, and "
        "besides cameras, streams, many sources at once and a window in predict, and bench.",
    )
    parser.add_argument("--version", action="version", version=_versions())
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in _COMMANDS:
        command = commands.add_parser(
            module.__name__.rsplit(".", 1)[1].replace("_", "-"),
            help=module.SUMMARY,
            description=module.SUMMARY[0].upper() + module.SUMMARY[1:] + ".",
            epilog=module.EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    options = parser.parse_args(arguments)
    # OpenCV's own words about files that it cannot read: ours name the file and the reason.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    with Signals() as signals:
        try:
            return int(options.run(options, signals))
        except KeyboardInterrupt:
            return 130
        except BrokenPipeError:
            sys.stderr.close()  # whoever read the output has gone; the interpreter would complain once more
            return 141
        except (ty.Error, OSError, ValueError, TypeError, ImportError, MemoryError) as error:
            say(f"tensorrt_yolo: error: {reason_of(error)}")
            return 1


def _versions() -> str:
    built_in = ", ".join(f"{name} {version}" for name, version in ty.backends().items())
    return f"{ty.version()} ({built_in or 'no backend'})"
