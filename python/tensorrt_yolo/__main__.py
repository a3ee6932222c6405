"""python -m tensorrt_yolo: the commands of the program `trtyolo`."""

import sys

from tensorrt_yolo.program import main

if __name__ == "__main__":
    sys.exit(main())
