"""Many images through a model into one Parquet file, in a job that goes on where it was ended.

`python -m tensorrt_yolo batch` runs it on one machine, tensorrt_yolo.ray on many. It needs the package of the extra
`batch`: pip install 'trtyolo[batch]'.
"""

from tensorrt_yolo.batch.job import Job, Manifest, Parts
from tensorrt_yolo.batch.rows import schema_of

__all__ = ["Job", "Manifest", "Parts", "schema_of"]
