"""POST /predict/NAME: picture files in, objects out, in the JSON that the programs write with --json."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tensorrt_yolo.results import Result
from tensorrt_yolo.serving.bodies import Named, pictures_in
from tensorrt_yolo.serving.door import answer, as_json, unless_gone
from tensorrt_yolo.serving.limits import Limits, read_body
from tensorrt_yolo.serving.memory import lease_of
from tensorrt_yolo.serving.models import Served
from tensorrt_yolo.serving.refusals import Refusal
from tensorrt_yolo.serving.selection import Selection, seconds_of, selection_of
from tensorrt_yolo.serving.service import Service


def routes(service: Service, limits: Limits) -> list[Route]:
    """The addresses of this door."""

    async def predict(request: Request) -> Response:
        served = service.models.find(request.path_params["name"])
        given = dict(request.query_params)
        seconds = seconds_of(given.pop("deadline", None), limits.deadline)
        selection = selection_of(given, served.thresholds, served.info)
        body = await read_body(request, limits)
        pictures = pictures_in(request.headers.get("content-type", ""), body, limits.pictures)
        work = service.run(served, [picture.data for picture in pictures], seconds, lease_of(request))
        found = await unless_gone(request, work)
        if len(found) == 1 and isinstance(found[0], Refusal):
            raise found[0]
        text = await service.render(served, _text, served, pictures, found, selection)
        return Response(text, media_type="application/json")

    async def models(request: Request) -> Response:
        return answer({"models": [_described(served, limits) for served in service.models]})

    return [Route("/predict/{name}", predict, methods=["POST"]), Route("/predict", models, methods=["GET"])]


def _text(served: Served, pictures: Sequence[Named], found: Sequence[Result | Refusal], selection: Selection) -> str:
    head = as_json({"model": served.name, "task": served.info.task, "names": served.info.names})
    images = (_image(picture.source, one, selection) for picture, one in zip(pictures, found))
    return f'{head[:-1]},"images":[{",".join(images)}]}}\n'


def _image(source: str, found: Result | Refusal, selection: Selection) -> str:
    if isinstance(found, Refusal):
        return as_json({"source": source, "error": found.sentence, "status": found.status})
    width, height = found.image_size
    head = as_json({"source": source, "frame": 0, "width": width, "height": height})
    return f"{head[:-1]},{selection.of(found).to_json()[1:]}"


def _described(served: Served, limits: Limits) -> dict[str, object]:
    """What the page needs to know of a model."""
    task = served.info.task
    parameters = served.thresholds.offered(task) | {"deadline": limits.deadline}
    return {"name": served.name, "task": task, "names": served.info.names, "parameters": parameters}
