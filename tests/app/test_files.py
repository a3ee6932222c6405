"""Files as other people's exporters, editors and cameras write them: right, or refused with a sentence."""

import base64
import math
import os
import pathlib
import subprocess
import unittest
import unittest.mock

import run_lengths
from program import APP, DATA, AppTest, run

MODELS = pathlib.Path(__file__).parent / "models"
RED, GREEN, BLUE = 90, 120, 100  # of the pictures
WEBP = base64.b64decode("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")  # 1 x 1 pixels


class FilesTest(AppTest):
    def grey(self, width=320, height=320):
        file = self.folder / "grey.ppm"
        file.write_bytes(b"P6\n%d %d\n255\n" % (width, height) + bytes([RED, GREEN, BLUE]) * (width * height))
        return file

    def found(self, model, *arguments, size=(320, 320)):
        """What is found in a picture, the best first."""
        (image,) = self.predict(MODELS / model, self.grey(*size), *arguments)["images"]
        return image["objects"]

    def objects(self, model, *arguments, size=(320, 320)):
        return self.boxes(self.found(model, *arguments, size=size))

    def boxes(self, found):
        return [(thing["class"], [round(side) for side in thing["box"]]) for thing in found]

    def assertScores(self, found, scores):
        self.assertNear([thing["score"] for thing in found], scores, 1e-6)

    def classes(self, model, *arguments, size=(320, 320)):
        """The scores of all classes, in their order."""
        top = self.predict(MODELS / model, self.grey(*size), *arguments, "--topk", "1000")["images"][0]["top"]
        return [score for _, score in sorted((thing["class"], thing["score"]) for thing in top)]


class Models(FilesTest):
    def test_boxes_that_are_corners(self):
        self.assertEqual(self.objects("corners.onnx", size=(64, 64)), [(0, [10, 20, 40, 50])])

    def test_as_many_candidates_as_values(self):
        for arguments in ([], ["--layout", "scores"]):
            self.assertEqual(self.objects("square.onnx", *arguments, size=(64, 64)), [(0, [22, 22, 42, 42])])

    def test_lists_of_objects(self):
        found = self.found("list.onnx")
        self.assertEqual(self.boxes(found), [(2, [10, 20, 200, 250]), (5, [30, 40, 90, 80])])
        self.assertScores(found, [0.9, 0.8])

    def test_lists_with_the_score_first(self):
        found = self.found("flat.onnx")  # 320 pixels lie on 636 of 640
        self.assertEqual([thing["class"] for thing in found], [2, 5])
        self.assertScores(found, [0.9, 0.6])
        for thing, box in zip(found, ([42, 62, 202, 222], [102, 122, 302, 302]), strict=True):
            self.assertNear(thing["box"], [(side - 2) * 320 / 636 for side in box], 1e-3)

    def test_suppression_of_onnx(self):
        boxes = [[80, 70, 120, 130], [82, 70, 122, 130], [170, 180, 230, 220], [40, 220, 80, 260]]
        on_636 = [[(side - 2) * 320 / 636 for side in box] for box in boxes]
        each = [(0, 0, 0.9), (1, 1, 0.8), (2, 0, 0.6)]  # box, class, score
        best = [(0, 0, 0.9), (1, 1, 0.8), (2, 0, 0.6)]
        low = (3, 0, 0.2)  # below the file's threshold, which is the user's where ours runs instead
        halves = [[(side / 2 - 2) * 320 / 636 for side in box] for box in boxes]
        for model, places, arguments, wanted in (
            ("nms_each.onnx", on_636, [], each),
            ("nms_each.onnx", on_636, ["--conf", "0.1"], [*each, low]),
            ("nms_each.onnx", on_636, ["--iou", "0.99"], [each[0], each[1], (1, 0, 0.7), each[2], (0, 1, 0.3)]),
            ("nms_best.onnx", boxes, [], best),
            ("nms_best.onnx", boxes, ["--conf", "0.1"], [*best, low]),
            ("nms_scaled.onnx", halves, ["--conf", "0.1", "--iou", "0.99"], [each[0], each[2], each[1]]),  # the file's
        ):
            with self.subTest(model=model, arguments=arguments):
                found = self.found(model, *arguments)
                self.assertEqual([thing["class"] for thing in found], [number for _, number, _ in wanted])
                self.assertScores(found, [score for _, _, score in wanted])
                for thing, (place, _, _) in zip(found, wanted, strict=True):
                    self.assertNear(thing["box"], [max(side, 0) for side in places[place]], 1e-3)

    def test_shares_of_a_picture_that_is_stretched(self):
        (thing,) = self.found("rtdetr.onnx", size=(200, 100))
        self.assertEqual(thing["class"], 1)
        self.assertNear(thing["box"], [80, 40, 120, 60], 1e-3)
        self.assertScores([thing], [0.9])

    def test_names_that_others_would_interpret(self):
        names = [str(i) for i in range(18)]
        names[2], names[0], names[17] = "=1+1", "\x1b[31mred", "\x1b[31mred\x9b"
        labels, table = self.folder / "labels.txt", self.folder / "r.csv"
        labels.write_text("\n".join(names))
        command = [APP, "predict", MODELS / "plugin.onnx", self.grey(), "--labels", labels, "--csv", table]
        done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("\x1b", done.stderr)
        self.assertIn("\\x1b[31mred\\x9b", done.stderr)
        rows = [line.split(",") for line in table.read_text().splitlines()]
        self.assertEqual([row[3] for row in rows[1:]], ["'=1+1", names[17]])
        done = run("info", MODELS / "plugin.onnx", "--labels", labels)
        self.assertNotIn("\x1b", done.stdout)
        self.assertIn("\\x1b[31mred", done.stdout)

    def test_queries(self):
        wanted = [(0, 2), (1, 1.5), (2, 1)]  # classes and logits
        for model, wanted in (("dfine.onnx", wanted), ("rfdetr.onnx", wanted), ("rfdetr91.onnx", [(90, 2)])):
            with self.subTest(model=model):
                found = self.found(model, size=(200, 100))
                self.assertEqual([thing["class"] for thing in found], [number for number, _ in wanted])
                self.assertScores(found, [1 / (1 + math.exp(-logit)) for _, logit in wanted])
                for thing in found:
                    self.assertNear(thing["box"], [50, 37.5, 150, 62.5], 1e-3)

    def test_an_input_for_the_size_of_the_image(self):
        found = self.found("dfine_size.onnx", size=(200, 100))
        self.assertEqual([thing["class"] for thing in found], [2, 7])
        self.assertScores(found, [0.9, 0.6])
        for thing, box in zip(found, ([20, 20, 100, 60], [50, 50, 200, 100]), strict=True):
            self.assertNear(thing["box"], box, 1e-3)

    def test_one_class_with_an_objectness(self):
        for model, score in (("yolov7_one.onnx", 0.9), ("yolov5_one.onnx", 0.45)):
            with self.subTest(model=model):
                found = self.found(model, size=(32, 32))
                self.assertScores(found, [score])
                self.assertEqual(found[0]["box"], [12, 10, 20, 22])

    def test_yolox(self):
        for model in ("yolox.onnx", "yolox_raw.onnx"):
            with self.subTest(model=model):
                (thing,) = self.found(model, size=(64, 32))
                self.assertEqual((thing["class"], thing["box"]), (1, [8, 16, 40, 32]))  # all border lies below
                self.assertScores([thing], [0.72])

    def test_two_heads(self):
        found = self.found("heads.onnx", size=(64, 64))
        self.assertEqual([(thing["name"], thing["box"]) for thing in found], [("b", [22, 22, 42, 42])])
        self.assertScores(found, [0.8])

    def test_families_that_are_not_known(self):
        done = run("predict", MODELS / "family.onnx", self.grey(64, 64))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("the family 'yolo99', which is not known", done.stderr)
        for family, box in (("libreyolo-yolo9", [10, 20, 40, 50]), ("ultralytics", [-10, -5, 30, 45])):
            box = [max(side, 0) for side in box]
            self.assertEqual(self.objects("family.onnx", "--family", family, size=(64, 64)), [(0, box)])
        done = run("predict", MODELS / "family.onnx", self.grey(64, 64), "--family", "yolo99")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("'yolo99'", done.stderr)
        self.assertIn("libreyolo-yolo9", done.stderr)

    def test_info_names_the_family_and_what_told_it(self):
        for model, words in (
            ("corners.onnx", r"libreyolo-yolo9 \(its metadata names the family 'yolo9'\)"),
            ("yolov7_one.onnx", r"yolov7 \(its output is named 'output', with 3 boxes a cell\)"),
            ("yolov5_cls.onnx", r"yolov5-cls \(its metadata has stride and names and no task, .*\)"),
            ("yolox_raw.onnx", r"yolox-raw \(.* a box a cell, and comes straight from the grids\)"),
        ):
            with self.subTest(model=model):
                done = run("info", MODELS / model)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertRegex(done.stdout, "(?m)^family +" + words + "$")

    def test_head(self):
        model, picture = DATA / "shapes" / "detect.onnx", DATA / "shapes" / "images" / "00000.jpg"
        for head, words in (("auto", "cut behind the last convolutions: .*"), ("whole", "whole: as asked for")):
            done = run("info", model, "--head", head)
            self.assertRegex(done.stdout, "(?m)^head +" + words + "$", done.stderr)
        whole, cut = (self.predict(model, picture, "--head", head)["images"][0]["objects"] for head in ("whole", "cut"))
        self.assertGreater(len(whole), 1)
        self.assertEqual([thing["class"] for thing in whole], [thing["class"] for thing in cut])
        for one, other in zip(whole, cut, strict=True):
            for a, b in zip(one["box"], other["box"], strict=True):
                self.assertAlmostEqual(a, b, delta=0.01)
        done = run("info", DATA / "shapes" / "classify.onnx")
        self.assertRegex(done.stdout, "(?m)^head +cut before its softmax$", done.stderr)
        done = run("predict", MODELS / "yolov5_cls.onnx", picture, "--head", "cut")
        self.assertEqual(done.returncode, 1)
        self.assertIn("its head cannot be cut", done.stderr)
        self.assertNotEqual(run("predict", model, picture, "--head", "none").returncode, 0)

    def test_colours_and_their_scale_as_the_network_wants_them(self):
        shares = [RED / 255, GREEN / 255, BLUE / 255]
        for arguments, wanted in (
            ([], shares),
            (["--bgr"], shares[::-1]),
            (["--scale", "255"], [RED, GREEN, BLUE]),
            (["--bgr", "--scale", "255"], [BLUE, GREEN, RED]),
            (["--family", "yolox"], [BLUE, GREEN, RED]),
        ):
            with self.subTest(arguments=arguments):
                self.assertNear(self.classes("colours.onnx", *arguments), wanted, 1e-3 * max(wanted))

    def test_inputs_of_bytes_with_channels_last_and_of_one_channel(self):
        grey = (RED * 4899 + GREEN * 9617 + BLUE * 1868 + 8192) >> 14
        for model, wanted in (
            ("colours_u8.onnx", [RED, GREEN, BLUE]),
            ("colours_last.onnx", [RED / 255, GREEN / 255, BLUE / 255]),
            ("grey.onnx", [grey / 255]),
        ):
            with self.subTest(model=model):
                self.assertNear(self.classes(model), wanted, 1e-5 * max(wanted))

    def test_eight_bits_where_the_processor_cannot_add_them(self):
        for model, words in (("eight_bits.onnx", "weights of seven bits"), ("seven_bits.onnx", "")):
            for most in ("ALL", "AVX2"):  # with which oneDNN uses no VNNI, as on a processor that has none
                limited = unittest.mock.patch.dict(os.environ, ONEDNN_MAX_CPU_ISA=most)
                with self.subTest(model=model, most=most), limited:
                    self.assertNear(self.classes(model), [RED / 255, GREEN / 255, BLUE / 255], 1e-4)
                    if most == "AVX2":
                        self.assertIn(words, run("predict", MODELS / model, self.grey()).stderr)

    def test_classifiers_of_yolov5(self):
        image = self.folder / "wide.ppm"  # only the square in its middle is seen
        row = bytes([255, 0, 0]) * 16 + bytes([RED, GREEN, BLUE]) * 32 + bytes([0, 0, 255]) * 16
        image.write_bytes(b"P6\n64 32\n255\n" + row * 32)
        top = self.predict(MODELS / "yolov5_cls.onnx", image)["images"][0]["top"]
        means, deviations = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        colours = zip((RED, GREEN, BLUE), means, deviations)
        logits = [math.exp((colour / 255 - mean) / deviation) for colour, mean, deviation in colours]
        scores = {thing["name"]: thing["score"] for thing in top}
        wanted = [logit / sum(logits) for logit in logits]
        self.assertNear([scores[name] for name in ("red", "green", "blue")], wanted, 1e-5)

    def test_scores_that_are_no_probabilities(self):
        done = run("predict", MODELS / "logits.onnx", self.grey(), self.grey())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr.count("is this network read right? "), 1, done.stderr)
        self.assertIn("a score of 55.1 is no probability", done.stderr)


class Plugins(FilesTest):
    """Of TensorRT's, which no processor has."""

    def mask(self, thing):
        return run_lengths.pixels(run_lengths.decode(thing["mask"]["counts"]), thing["mask"]["size"])

    def box(self, left, top, right, bottom):
        return {(x, y) for x in range(left, right) for y in range(top, bottom)}

    def test_attributes_that_are_lists(self):
        self.assertEqual(self.objects("nms_lists.onnx"), [(0, [75, 75, 125, 125]), (1, [175, 175, 225, 225])])

    def test_attributes_that_are_numbers_and_scores_that_need_a_sigmoid(self):
        found = self.found("nms_numbers.onnx")
        self.assertEqual(self.boxes(found), [(0, [75, 75, 125, 125]), (1, [175, 175, 225, 225])])
        self.assertScores(found, [1 / (1 + math.exp(-2)), 1 / (1 + math.exp(-1))])

    def test_two_of_them_are_refused(self):
        done = run("predict", MODELS / "nms_twice.onnx", self.grey())
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("expected one plugin of a kind, found 2 nodes EfficientNMS_TRT", done.stderr)

    def test_pose(self):
        boxes = [[80, 70, 120, 130], [170, 180, 230, 220], [40, 220, 80, 260]]
        points = [[[x, y, 0.5], [x + 10, y + 5, 0.75]] for x, y in ((90, 90), (190, 195), (50, 230))]
        for arguments, scores in ([], [0.9, 0.6]), (["--conf", "0.1"], [0.9, 0.6, 0.2]):
            found = self.found("nms_pose.onnx", *arguments)
            self.assertScores(found, scores)
            self.assertEqual([thing["box"] for thing in found], boxes[: len(scores)])
            self.assertEqual([thing["keypoints"] for thing in found], points[: len(scores)])
        # Nor is the file's threshold of overlaps the last word.
        self.assertScores(self.found("nms_pose.onnx", "--iou", "0.95"), [0.9, 0.7, 0.6])

    def test_obb(self):
        found = self.found("nms_obb.onnx")
        self.assertEqual([thing["class"] for thing in found], [1, 1])
        self.assertScores(found, [0.9, 0.6])
        self.assertNear(
            [thing["rotated"] for thing in found], [[100, 100, 40, 60, 0.5], [200, 200, 60, 40, -0.25]], 1e-4
        )

    def test_segment(self):
        found = self.found("nms_segment.onnx", size=(64, 64))
        self.assertScores(found, [0.9, 0.6])
        self.assertEqual([thing["box"] for thing in found], [[8, 16, 56, 48], [16, 0, 32, 64]])
        self.assertEqual(self.mask(found[0]), self.box(8, 16, 32, 48))  # the left half of the picture
        self.assertEqual(self.mask(found[1]), self.box(16, 32, 32, 64))  # the lower

    def test_counts_of_finished_objects(self):
        wanted = [(2, [40, 60, 200, 220]), (17, [100, 120, 300, 300]), (0, [0, 0, 10, 10])]
        for arguments, count in ([], 2), (["--conf", "0.2"], 3), (["--conf", "0.7"], 1):
            self.assertEqual(self.objects("count.onnx", *arguments), wanted[:count])

    def test_rotated_boxes_that_are_outputs(self):
        for arguments, box in (
            ([], [100, 100, 40, 60, 0.5]),  # corners before the turn
            (["--family", "plain-plugin"], [80, 70, 120, 130, 0.5]),
        ):
            (thing,) = self.found("plugin_obb.onnx", *arguments)
            self.assertNear(thing["rotated"], box, 1e-4)
            self.assertScores([thing], [0.9])

    def test_masks_that_are_outputs(self):
        for arguments, right in ([], 28), (["--family", "plain-plugin"], 32):  # half the box, half the picture
            (thing,) = self.found("plugin_masks.onnx", *arguments, size=(64, 64))
            self.assertEqual(thing["box"], [8, 16, 48, 32])
            self.assertEqual(self.mask(thing), self.box(8, 16, right, 32))


class Others(FilesTest):
    def test_labels_with_a_byte_order_mark_and_spaces(self):
        labels = self.folder / "labels.txt"
        labels.write_bytes(b"\xef\xbb\xbfcircle\r\n  square \r\ntriangle\r\n\r\n")
        done = run("predict", MODELS / "nms_lists.onnx", self.grey(), "--labels", labels)
        self.assertRegex(done.stderr, "^1 image: 1 circle, 1 square\n")

    def test_webp(self):
        image = self.folder / "a.webp"
        image.write_bytes(WEBP)
        done = run("predict", MODELS / "end2end.onnx", image)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_pipe(self):
        command = [APP, "predict", MODELS / "nms_lists.onnx", "/dev/stdin", "--quiet", "--csv", "-"]
        done = subprocess.run(command, input=self.grey().read_bytes(), capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 3)

    def test_unknown_commands_are_named(self):
        done = run("frobnicate", "x.onnx")
        self.assertEqual(done.returncode, 2)
        self.assertIn("unknown command 'frobnicate'; there are predict, info, build, quantize and bench", done.stderr)

    def test_options_are_named_once(self):
        for option in ("--imgsz", "--device"):
            done = run("predict", MODELS / "end2end.onnx", self.grey(), option, "x")
            self.assertEqual(done.returncode, 2)
            self.assertEqual(done.stderr.split("\n")[0].count(option), 1, done.stderr)


if __name__ == "__main__":
    unittest.main()
