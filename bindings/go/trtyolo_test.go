// The package with the library, and with the repository's networks: data/ of the checkout, or TRTYOLO_DATA.

package trtyolo

import (
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

const width, height = 640, 480

func data(name string) string {
	root := os.Getenv("TRTYOLO_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "data")
	}
	return filepath.Join(root, name)
}

func load(t *testing.T, name string, options ...Option) *Model {
	t.Helper()
	model, err := Load(data(name), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { model.Close() })
	return model
}

// disc is a red one on grey, of the radius 80, in the middle.
func disc() *image.NRGBA {
	picture := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := 0; y < height; y++ {
		for x := 0; x < width; x++ {
			colour := color.NRGBA{200, 200, 200, 255}
			if (x-width/2)*(x-width/2)+(y-height/2)*(y-height/2) <= 80*80 {
				colour = color.NRGBA{200, 30, 30, 255}
			}
			picture.SetNRGBA(x, y, colour)
		}
	}
	return picture
}

func expectDisc(t *testing.T, found *Result, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
		return
	}
	if len(found.Names) != 1 || found.Names[0] != "circle" || len(found.Boxes) != 1 || len(found.Scores) != 1 {
		t.Errorf("found %v", found)
		return
	}
	box := found.Boxes[0]
	for i, expected := range []float32{240, 160, 400, 320} {
		value := []float32{box.Left, box.Top, box.Right, box.Bottom}[i]
		if math.Abs(float64(value-expected)) > 6 {
			t.Errorf("found %v", box)
		}
	}
}

func expectStatus(t *testing.T, err error, status Status, words string) {
	t.Helper()
	var failed *Error
	if !errors.Is(err, status) || !errors.As(err, &failed) || !strings.Contains(failed.Message, words) {
		t.Errorf("%v with %q was expected, found %v", status, words, err)
	}
}

func TestLoadPredictClonePredict(t *testing.T) {
	model := load(t, "shapes/detect.onnx")
	picture := FromImage(disc())
	found, err := model.Predict(picture)
	expectDisc(t, found, err)
	if found.Task != Detect || found.ImageWidth != width || found.ImageHeight != height || found.Times.Inference <= 0 {
		t.Errorf("found %v", found)
	}
	if found.RotatedBoxes != nil || found.KeyPoints != nil || found.Masks != nil || found.Semantic != nil || found.Depth != nil {
		t.Errorf("parts that a detector does not have: %v", found)
	}
	text, err := model.PredictJSON(picture)
	var parsed struct {
		Objects []struct{ Name string }
	}
	if err != nil || json.Unmarshal([]byte(text), &parsed) != nil || len(parsed.Objects) != 1 ||
		parsed.Objects[0].Name != "circle" {
		t.Errorf("found %v: %v", text, err)
	}

	clone, err := model.Clone()
	if err != nil {
		t.Fatal(err)
	}
	model.Close() // a clone outlives it
	model.Close()
	done := make(chan string)
	go func() {
		text, _ := clone.PredictJSON(picture)
		done <- text
	}()
	if again := <-done; again != text {
		t.Errorf("the clone finds %v", again)
	}
	if _, err := model.Predict(picture); !errors.Is(err, Closed) {
		t.Errorf("a closed model: %v", err)
	}
	if _, err := model.Clone(); !errors.Is(err, Closed) {
		t.Errorf("a closed model: %v", err)
	}
	clone.Close()
}

func TestTwoGoroutinesInOneModel(t *testing.T) {
	model := load(t, "people/people.onnx")
	picture := FromImage(disc())
	busy := make(chan int)
	for i := 0; i < 2; i++ {
		go func() {
			second := 0
			for tries := 0; tries < 4; tries++ {
				if _, err := model.Predict(picture); errors.Is(err, Busy) && strings.Contains(err.Error(), "clone") {
					second++
				} else if err != nil {
					t.Error(err)
				}
				runtime.Gosched()
			}
			busy <- second
		}()
	}
	if <-busy+<-busy == 0 {
		t.Error("no call came second")
	}
}

func TestPartsOfOtherTasks(t *testing.T) {
	picture := FromImage(disc())
	found, err := load(t, "shapes/segment.onnx").Predict(picture)
	expectDisc(t, found, err)
	inside := 0
	for _, value := range found.Masks[0].Image().Pix {
		inside += int(value) / 255
	}
	if math.Abs(float64(inside)/(math.Pi*80*80)-1) > 0.05 || found.Masks[0].Width != width {
		t.Errorf("the mask has %d pixels", inside)
	}
	found, err = load(t, "shapes/classify.onnx").Predict(picture)
	if err != nil || found.Task != Classify || found.Names[0] != "circle" || found.Boxes != nil {
		t.Errorf("found %v: %v", found, err)
	}
	// Networks whose answer is known for every image.
	found, err = load(t, "../tests/app/models/semantic.onnx").Predict(picture)
	if err != nil || len(found.Semantic.Data) != width*height || found.Semantic.Height != height {
		t.Fatalf("found %v: %v", found, err)
	}
	pixels := 0
	for _, each := range found.Pixels {
		pixels += each
	}
	if pixels != width*height {
		t.Errorf("found %v pixels", pixels)
	}
	found, err = load(t, "../tests/app/models/depth.onnx").Predict(picture)
	if err != nil || len(found.Depth.Data) != width*height || found.Task.String() != "depth" {
		t.Errorf("found %v: %v", found, err)
	}
}

func TestInfo(t *testing.T) {
	info := load(t, "shapes/pose.onnx").Info()
	if info.Task != Pose || info.Backend != "openvino" || info.Precision != "f32" || info.Family != "ultralytics" ||
		info.NetworkWidth != 640 || info.Stride != 32 || info.Batch != 1 || info.KeyPoints == 0 || info.KeyPointDims != 3 ||
		len(info.Names) == 0 || info.Device == "" || info.Layout == "" || info.Head == "" {
		t.Errorf("found %+v", info)
	}
	if !strings.HasPrefix(Version(), "trtyolo ") || GPUCount() < 0 {
		t.Errorf("found %v, %v", Version(), GPUCount())
	}
}

func TestErrors(t *testing.T) {
	_, err := Load("no-such.onnx")
	expectStatus(t, err, ModelError, "no-such.onnx")
	_, err = Load(data("shapes/detect.onnx"), WithStreams(0), WithPrecision("f8"))
	expectStatus(t, err, InvalidArgument, "f8")
	_, err = LoadPool(data("shapes/detect.onnx"), PoolOptions{Contexts: -1})
	expectStatus(t, err, InvalidArgument, "-1")
	model := load(t, "shapes/detect.onnx")
	expectStatus(t, model.SetIoU(2), InvalidArgument, "2")
	_, err = model.CloneOn(0)
	expectStatus(t, err, DeviceError, "CPU")
	if Busy.Error() != "trtyolo: busy" || Status(99).Error() != "trtyolo: failed" {
		t.Error(Busy, Status(99))
	}
}

func TestThresholdsAndOptions(t *testing.T) {
	model := load(t, "shapes/detect.onnx", WithNames("a", "b", "c", "d", "e", "f"), WithMaxDetections(1), WithClasses(0, 1),
		WithNormalize([3]float32{0, 0, 0}, [3]float32{1, 1, 1}), WithTask("detect"), WithAgnostic(true))
	if names := model.Info().Names; len(names) != 6 || names[1] != "b" {
		t.Errorf("found %v", names)
	}
	if err := errors.Join(model.SetClasses(), model.SetConfidence(1), model.SetMaxDetections(5), model.SetAgnostic(false),
		model.SetTopK(2), model.SetRetinaMasks(true)); err != nil {
		t.Error(err)
	}
	found, err := model.Predict(FromImage(disc()))
	if err != nil || len(found.Classes) != 0 || found.Boxes != nil {
		t.Errorf("found %v: %v", found, err)
	}
}

func TestImagesHoldWhatTheySay(t *testing.T) {
	bytes := make([]byte, 64)
	var pinner runtime.Pinner
	defer pinner.Unpin()
	for i, right := range []Image{
		{Pixels: bytes, Width: 4, Height: 5},
		{Pixels: bytes, Width: 4, Height: 3, Channels: 4, Stride: 24},
		{Pixels: bytes, Width: 3, Height: 1, Format: NV12, Chroma: [2][]byte{bytes[:4]}},
		{Pixels: bytes, Width: 4, Height: 4, Format: I420, Chroma: [2][]byte{bytes[:4], bytes[:4]}},
		{Pixels: bytes, Width: 16, Height: 2, Format: YUYV},
		{Pixels: bytes, Width: 8, Height: 4, Format: Gray16},
	} {
		if _, err := right.raw(&pinner); err != nil {
			t.Errorf("image %d: %v", i, err)
		}
	}
	for i, wrong := range []Image{
		{},
		{Width: 1, Height: 1},
		{Pixels: bytes, Width: 4, Height: 6},
		{Pixels: bytes, Width: -4, Height: -6},
		{Pixels: bytes, Width: math.MaxInt, Height: 1},
		{Pixels: bytes, Width: 1, Height: 1, Channels: 2},
		{Pixels: bytes, Width: 1, Height: 1, Format: 9},
		{Pixels: bytes, Width: 4, Height: 4, Channels: 4, Stride: 24},
		{Pixels: bytes, Width: 4, Height: 3, Channels: 4, Stride: 15},
		{Pixels: bytes, Width: 4, Height: 3, Channels: 4, Stride: -16},
		{Pixels: bytes, Width: 4, Height: 3, Channels: 4, Stride: math.MaxInt},
		{Pixels: bytes, Width: 5, Height: 1, Format: NV12, Chroma: [2][]byte{bytes[:4]}},
		{Pixels: bytes, Width: 4, Height: 4, Format: I420, Chroma: [2][]byte{bytes[:4]}},
		{Pixels: bytes, Width: 16, Height: 3, Format: YUYV},
	} {
		if _, err := wrong.raw(&pinner); !errors.Is(err, InvalidArgument) {
			t.Errorf("image %d: %v", i, err)
		}
	}
}

// Grey, however it is said, is the same to the network.
func TestPixelFormats(t *testing.T) {
	picture := image.NewGray(image.Rect(0, 0, width, height))
	rgb := image.NewRGBA(picture.Rect)
	sixteen := make([]byte, 2*width*height)
	chroma := make([]byte, width*height/2)
	for i := range chroma {
		chroma[i] = 128
	}
	for y := 0; y < height; y++ {
		for x := 0; x < width; x++ {
			grey := color.Gray{200}
			if (x-width/2)*(x-width/2)+(y-height/2)*(y-height/2) <= 80*80 {
				grey.Y = 30
			}
			picture.SetGray(x, y, grey)
			rgb.Set(x, y, grey)
			i := 2 * (y*width + x)
			sixteen[i], sixteen[i+1] = byte(int(grey.Y)*4), byte(int(grey.Y)*4>>8)
		}
	}
	ycbcr := &image.YCbCr{Y: picture.Pix, Cb: chroma, Cr: chroma, YStride: width, CStride: width / 2, Rect: picture.Rect,
		SubsampleRatio: image.YCbCrSubsampleRatio420}
	palette := image.NewPaletted(picture.Rect, color.Palette{color.Gray{200}, color.Gray{30}})
	for i, value := range picture.Pix {
		if value == 30 {
			palette.Pix[i] = 1
		}
	}
	images := []Image{
		FromImage(rgb),
		FromImage(picture),
		FromImage(ycbcr),
		FromImage(palette),
		{Pixels: picture.Pix, Width: width, Height: height, Format: NV12, Chroma: [2][]byte{chroma}, FullRange: true},
		{Pixels: sixteen, Width: width, Height: height, Format: Gray16, High: 1020},
	}
	if images[2].Format != I420 {
		t.Errorf("YCbCr is no view: %v", images[2].Format)
	}
	model := load(t, "shapes/detect.onnx")
	expected, err := model.PredictJSON(images[0])
	if err != nil {
		t.Fatal(err)
	}
	for i, each := range images {
		if found, err := model.PredictJSON(each); found != expected || err != nil {
			t.Errorf("image %d: %v: %v", i, found, err)
		}
	}
	all, err := model.PredictBatch(images)
	if err != nil || len(all) != len(images) {
		t.Errorf("found %v: %v", all, err)
	}
	if none, err := model.PredictBatch(nil); err != nil || len(none) != 0 {
		t.Errorf("found %v: %v", none, err)
	}
	images[1].Pixels = nil
	_, err = model.PredictBatch(images)
	expectStatus(t, err, InvalidArgument, "found 0 bytes")
	images[0].Part = Part{X: 320, Y: 240, Width: 200, Height: 200, Theta: 0.5}
	if found, err := model.Predict(images[0]); err != nil || found.ImageWidth != 200 {
		t.Errorf("found %v: %v", found, err)
	}
}

func TestPool(t *testing.T) {
	pool, err := LoadPool(data("shapes/detect.onnx"), PoolOptions{Contexts: 1, QueueLength: 8, MaxQueueDelay: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if pool.Contexts() != 1 || pool.Info().Task != Detect {
		t.Errorf("found %v, %v", pool.Contexts(), pool.Info())
	}
	picture := FromImage(disc())
	var callers sync.WaitGroup
	for i := 0; i < 6; i++ {
		callers.Add(1)
		go func() {
			defer callers.Done()
			found, err := pool.Predict(context.Background(), picture)
			expectDisc(t, found, err)
			runtime.GC() // which must not take what the pool has
		}()
	}
	// Behind those: taken out of the queue, if its run has not begun.
	ctx, cancel := context.WithCancel(context.Background())
	callers.Add(1)
	go func() {
		defer callers.Done()
		if _, err := pool.Predict(ctx, picture); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}()
	cancel()
	callers.Wait()
	if _, err := pool.Predict(ctx, picture); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	all, err := pool.PredictBatch([]Image{picture, picture})
	if err != nil {
		t.Fatal(err)
	}
	expectDisc(t, all[1], nil)
	text, err := pool.PredictJSON(context.Background(), picture)
	if err != nil || !strings.Contains(text, "circle") {
		t.Errorf("found %v: %v", text, err)
	}
	metrics, err := pool.Metrics("go")
	if err != nil || !strings.Contains(metrics, `{pool="go",outcome="failed"} 0`) {
		t.Errorf("found %v: %v", metrics, err)
	}
	_, err = pool.Predict(context.Background(), Image{Pixels: make([]byte, 9), Width: 3, Height: 3, Format: YUYV})
	expectStatus(t, err, InvalidArgument, "3 rows")
	_, err = pool.Predict(context.Background(), Image{Pixels: make([]byte, 18), Width: 3, Height: 3, Format: YUYV})
	expectStatus(t, err, InvalidArgument, "even")
	if err := pool.Drop(); err != nil {
		t.Error(err)
	}
	_, err = pool.Predict(context.Background(), picture)
	expectStatus(t, err, Closed, "")
	pool.Close()
	_, err = pool.Predict(context.Background(), picture)
	expectStatus(t, err, Closed, "")
}

func TestPoolCancels(t *testing.T) {
	model := load(t, "people/people.onnx")
	pool, err := NewPool(model, PoolOptions{Contexts: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	picture := FromImage(disc())
	const others = 3
	done := make(chan error, others)
	for i := 0; i < others; i++ {
		go func() {
			_, err := pool.Predict(context.Background(), picture)
			done <- err
		}()
	}
	waiting := func() bool {
		metrics, _ := pool.Metrics("x")
		return strings.Contains(metrics, `trtyolo_pool_waiting{pool="x"} 2`)
	}
	for tries := 0; tries < 1000000 && !waiting(); tries++ {
		runtime.Gosched()
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancelled := make(chan error)
	go func() {
		_, err := pool.Predict(ctx, picture)
		cancelled <- err
	}()
	cancel()
	if err := <-cancelled; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for i := 0; i < others; i++ {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestLog(t *testing.T) {
	SetLog(func(LogLevel, string) {})
	load(t, "shapes/detect.onnx")
	SetLog(nil)
}
