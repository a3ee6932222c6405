"""D-FINE by its own repository and its tools/deployment/export_onnx.py: a file that asks for the size of the picture.
Expected is what its tools/inference/torch_inf.py finds.

The repository (github.com/Peterande/D-FINE, Apache-2.0) is no package: DFINE_REPOSITORY names a folder that has it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

kRepository = Path(os.environ["DFINE_REPOSITORY"]).resolve()
sys.path.insert(0, str(kRepository))

import torch  # noqa: E402
import torchvision.transforms as transforms  # noqa: E402
from lively import Enlivener, detr  # noqa: E402
from maker import calibration, found, kConf, kPictures, make, write  # noqa: E402
from PIL import Image  # noqa: E402
from src.core import YAMLConfig  # noqa: E402

kSide = 640  # the exporter's


def make_nano(folder: Path) -> None:
    torch.manual_seed(1)
    config_file = kRepository / "configs/dfine/dfine_hgnetv2_n_coco.yml"
    config = YAMLConfig(str(config_file))
    config.yaml_cfg["HGNetv2"]["pretrained"] = False
    batch = torch.from_numpy(calibration(kSide))
    lively = Enlivener(config.model, lambda: config.model(batch))
    lively.norms()
    detr(lively)
    weights = folder / f"{folder.name}.pth"
    torch.save({"model": config.model.state_dict()}, weights)

    command = [sys.executable, "tools/deployment/export_onnx.py", "-c", str(config_file), "-r", str(weights.resolve())]
    subprocess.run(command, cwd=kRepository, check=True)

    # As torch_inf.py.
    network, finish = config.model.deploy(), config.postprocessor.deploy()
    images = []
    for picture in kPictures:
        image = Image.open(picture).convert("RGB")
        fed = transforms.Compose([transforms.Resize((kSide, kSide)), transforms.ToTensor()])(image)[None]
        with torch.no_grad():
            labels, boxes, scores = (each[0] for each in finish(network(fed), torch.tensor([[*image.size]])))
        kept = scores > kConf
        images.append(found(boxes[kept], scores[kept], labels[kept]))
    weights.unlink()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=kRepository, capture_output=True, text=True)
    about = {
        "repository": "D-FINE",
        "package": "D-FINE",
        "version": commit.stdout.strip() or "of an unknown commit",
        "license": "Apache-2.0",
        "exporter": "export_onnx.py",
        "reference": "torch_inf.py",
    }
    write(folder, [folder / f"{folder.name}.onnx"], about, images)


if __name__ == "__main__":
    make({"dfine-n": make_nano})
