package trtyolo

// #include <trtyolo.h>
import "C"

import (
	"fmt"
	"image"
	"time"
	"unsafe"
)

// Task is what a network is for.
type Task int

// The tasks.
const (
	Classify = Task(C.TRTYOLO_CLASSIFY) // says what an image shows
	Detect   = Task(C.TRTYOLO_DETECT)   // finds objects and their axis-aligned boxes
	OBB      = Task(C.TRTYOLO_OBB)      // finds objects and their rotated boxes
	Segment  = Task(C.TRTYOLO_SEGMENT)  // finds objects, their boxes and their masks
	Pose     = Task(C.TRTYOLO_POSE)     // finds objects, their boxes and their keypoints
	Semantic = Task(C.TRTYOLO_SEMANTIC) // says of each pixel which class it belongs to
	Depth    = Task(C.TRTYOLO_DEPTH)    // says of each pixel how far away it is
)

func (task Task) String() string {
	names := []string{"classify", "detect", "obb", "segment", "pose", "semantic", "depth"}
	if task < 0 || int(task) >= len(names) {
		return fmt.Sprint(int(task))
	}
	return names[task]
}

// Box is an axis-aligned box in pixels, clipped to the image.
type Box struct{ Left, Top, Right, Bottom float32 }

// RotatedBox is a box turned about its centre by Theta radians, clockwise as one looks at the image; the four sides, in
// pixels, are those before it is turned.
type RotatedBox struct{ Left, Top, Right, Bottom, Theta float32 }

// KeyPoint is a point of an object, in pixels, and the confidence that it is visible, 0 to 1.
type KeyPoint struct{ X, Y, Conf float32 }

// Run is the pixels Begin to End - 1 of a mask, numbered row after row: pixel (x, y) is number y * width + x.
type Run struct{ Begin, End uint32 }

// Mask is the pixels of an object.
type Mask struct {
	Width, Height int   // pixels: those of the source image, unless SetRetinaMasks says otherwise
	Runs          []Run // inside the object, in rising order
}

// Image makes a picture of a mask: 255 inside the object, 0 outside.
func (mask Mask) Image() *image.Alpha {
	picture := image.NewAlpha(image.Rect(0, 0, mask.Width, mask.Height))
	for _, run := range mask.Runs {
		for i := run.Begin; i < run.End; i++ {
			picture.Pix[i] = 255
		}
	}
	return picture
}

// ClassMap is the class of each pixel of the source image.
type ClassMap struct {
	Data          []uint16 // row after row: a class, or None
	Width, Height int      // pixels
	None          uint16   // what pixels have whose class is left out
	Binary        bool     // whether the network has one class only: pixels have 1 where it is, and 0 elsewhere
}

// DepthMap is how far away each pixel of the source image is.
type DepthMap struct {
	Data          []float32 // row after row, in metres
	Width, Height int       // pixels
}

// Times is how long the steps of a prediction took. Of an image that shared its run with others: its share.
type Times struct{ Preprocess, Inference, Postprocess time.Duration }

// Result is what a model found in one image. Objects are in the order of falling scores; parts that the task does not have
// are nil. It is Go's own memory, and may be kept and passed on freely.
type Result struct {
	Task                    Task
	ImageWidth, ImageHeight int          // of the source image, pixels
	Times                   Times        // how long the prediction took
	Classes                 []int        // class index of each object
	Names                   []string     // class name of each object, its index as text where there is no name
	Scores                  []float32    // confidence of each object, 0 to 1
	Boxes                   []Box        // the box of each object
	RotatedBoxes            []RotatedBox // the rotated box of each object
	KeyPoints               [][]KeyPoint // points of each object
	Masks                   []Mask       // pixels of each object
	Semantic                *ClassMap    // the class of each pixel
	Pixels                  []int        // how many pixels of Semantic each of Classes has
	Depth                   *DepthMap    // the distance of each pixel
}

// copied makes Go's values of C's, which lie in memory in the same way.
func copied[To, From any](first *From, count int) []To {
	if first == nil {
		return nil
	}
	return append([]To(nil), unsafe.Slice((*To)(unsafe.Pointer(first)), count)...)
}

func milliseconds(value C.double) time.Duration {
	return time.Duration(float64(value) * float64(time.Millisecond))
}

// newResult copies a result, and frees it.
func newResult(raw *C.trtyolo_result) (*Result, error) {
	defer C.trtyolo_result_free(raw)
	count := int(C.trtyolo_result_count(raw))
	size := C.trtyolo_result_image_size(raw)
	times := C.trtyolo_result_times(raw)
	result := &Result{
		Task:         Task(C.trtyolo_result_task(raw)),
		ImageWidth:   int(size.width),
		ImageHeight:  int(size.height),
		Times:        Times{milliseconds(times.preprocess), milliseconds(times.inference), milliseconds(times.postprocess)},
		Scores:       copied[float32](C.trtyolo_result_scores(raw), count),
		Boxes:        copied[Box](C.trtyolo_result_boxes(raw), count),
		RotatedBoxes: copied[RotatedBox](C.trtyolo_result_rotated_boxes(raw), count),
	}
	for i, class := range copied[C.int](C.trtyolo_result_classes(raw), count) {
		result.Classes = append(result.Classes, int(class))
		result.Names = append(result.Names, C.GoString(C.trtyolo_result_name(raw, C.size_t(i))))
	}
	for _, pixels := range copied[C.size_t](C.trtyolo_result_pixels(raw), count) {
		result.Pixels = append(result.Pixels, int(pixels))
	}
	for i := 0; i < count && result.Task == Pose; i++ {
		var points C.size_t
		first := C.trtyolo_result_keypoints(raw, C.size_t(i), &points)
		result.KeyPoints = append(result.KeyPoints, copied[KeyPoint](first, int(points)))
	}
	mask := C.trtyolo_result_mask_size(raw)
	for i := 0; i < count && result.Task == Segment; i++ {
		var runs C.size_t
		first := C.trtyolo_result_mask_runs(raw, C.size_t(i), &runs)
		result.Masks = append(result.Masks, Mask{int(mask.width), int(mask.height), copied[Run](first, int(runs))})
	}
	if semantic := C.trtyolo_result_semantic(raw); semantic.data != nil {
		width, height := int(semantic.width), int(semantic.height)
		result.Semantic = &ClassMap{copied[uint16](semantic.data, width*height), width, height, uint16(semantic.none),
			bool(semantic.binary)}
	}
	if depth := C.trtyolo_result_depth(raw); depth.data != nil {
		width, height := int(depth.width), int(depth.height)
		result.Depth = &DepthMap{copied[float32](depth.data, width*height), width, height}
	}
	return result, nil
}

// newJSON makes JSON of a result, and frees it.
func newJSON(raw *C.trtyolo_result) (string, error) {
	defer C.trtyolo_result_free(raw)
	return text(func(out **C.char) error {
		return call(func() C.trtyolo_status { return C.trtyolo_result_json(raw, out) })
	})
}

// text is what function gives to its caller.
func text(function func(**C.char) error) (string, error) {
	var raw *C.char
	if err := function(&raw); err != nil {
		return "", err
	}
	defer C.trtyolo_string_free(raw)
	return C.GoString(raw), nil
}
