"""Models on many machines, by Ray: Ray Data for images that are there, Ray Serve for requests.

    import ray
    from tensorrt_yolo.ray import predict

    results = predict(ray.data.read_images("s3://photos", include_paths=True), "/mnt/yolo11n.onnx")
    results.write_parquet("/mnt/results")

It needs the packages of the extra `ray`: pip install 'trtyolo[ray]'; tensorrt_yolo.ray.serve those of `serve`,
too.
"""

from tensorrt_yolo.ray.data import predict
from tensorrt_yolo.ray.resources import Resources

__all__ = ["Resources", "predict"]
