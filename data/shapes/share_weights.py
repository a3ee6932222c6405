"""Makes detect-dynamic.onnx small: its weights are those of detect.onnx, so it can read them from there.

    python share_weights.py FULL-EXPORT.onnx detect.onnx detect-dynamic.onnx      (needs the package onnx)

ONNX calls this external data: an initializer names a file beside the model, an offset and a length instead of holding
the bytes. Shape annotations of intermediate values, which readers derive by themselves, are dropped too.
"""

import sys

import onnx

SMALLEST_SHARED = 1024  # bytes; what is smaller stays in the file


def main(full, weights, out):
    model = onnx.load(full)
    with open(weights, "rb") as file:
        stored = file.read()
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) < SMALLEST_SHARED:
            continue
        offset = stored.find(tensor.raw_data)
        if offset < 0:
            sys.exit(f"{full}: {tensor.name} has other weights than {weights}; expected two exports of one network")
        facts = {"location": weights, "offset": offset, "length": len(tensor.raw_data)}
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        for key, value in facts.items():
            tensor.external_data.add(key=key, value=str(value))
    model.graph.ClearField("value_info")
    with open(out, "wb") as file:
        file.write(model.SerializeToString())


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
