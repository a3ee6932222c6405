package trtyolo

// #include <stdlib.h>
// #include <trtyolo.h>
import "C"

import (
	"runtime"
	"sync"
	"unsafe"
)

// Info is what is known of a model.
type Info struct {
	Task                        Task
	File                        string   // as it was named
	Backend                     string   // "openvino" or "tensorrt"
	Device                      string   // full name of the processor, or of the GPU with its number
	Precision                   string   // arithmetic that was asked for: "f32", "f16", "bf16" or "auto"
	Family                      string   // whose conventions are followed: "ultralytics", "yolox", ...
	Layout                      string   // how the outputs are read, in words
	Head                        string   // how much of the network runs, in words
	Names                       []string // of all classes; "" where there is no name
	NetworkWidth, NetworkHeight int      // pixels of the network's input; the largest, of models with dynamic sizes
	Stride                      int      // coarsest stride, pixels
	Batch                       int      // most images in one run of the network
	KeyPoints                   int      // points of an object, of pose estimators
	KeyPointDims                int      // what the network says of a point: 2 values (x, y) or 3 (x, y, confidence)
}

func newInfo(raw *C.trtyolo_info) Info {
	size := C.trtyolo_info_network_size(raw)
	info := Info{
		Task:          Task(C.trtyolo_info_task(raw)),
		File:          C.GoString(C.trtyolo_info_file(raw)),
		Backend:       C.GoString(C.trtyolo_info_backend(raw)),
		Device:        C.GoString(C.trtyolo_info_device(raw)),
		Precision:     C.GoString(C.trtyolo_info_precision(raw)),
		Family:        C.GoString(C.trtyolo_info_family(raw)),
		Layout:        C.GoString(C.trtyolo_info_layout(raw)),
		Head:          C.GoString(C.trtyolo_info_head(raw)),
		NetworkWidth:  int(size.width),
		NetworkHeight: int(size.height),
		Stride:        int(C.trtyolo_info_stride(raw)),
		Batch:         int(C.trtyolo_info_batch(raw)),
		KeyPoints:     int(C.trtyolo_info_keypoints(raw)),
		KeyPointDims:  int(C.trtyolo_info_keypoint_dims(raw)),
	}
	for i := 0; i < int(C.trtyolo_info_class_count(raw)); i++ {
		info.Names = append(info.Names, C.GoString(C.trtyolo_info_class_name(raw, C.int(i))))
	}
	return info
}

// Model is a loaded network of any task. It has an execution context of its own and a share of the engine, which holds the
// weights; the engine goes with the last model that shares it.
type Model struct {
	mutex sync.RWMutex // held for reading by calls that are under way
	raw   *C.trtyolo_model
}

// newModel is the model that function gives.
func newModel(function func(**C.trtyolo_model) error) (*Model, error) {
	var raw *C.trtyolo_model
	if err := function(&raw); err != nil {
		return nil, err
	}
	model := &Model{raw: raw}
	runtime.SetFinalizer(model, (*Model).Close)
	return model, nil
}

// Load loads a file: ONNX (.onnx), OpenVINO IR (.xml beside its .bin) or a TensorRT engine (.engine).
func Load(file string, options ...Option) (*Model, error) {
	how, err := optionsOf(options)
	if err != nil {
		return nil, err
	}
	defer C.trtyolo_options_free(how)
	name := C.CString(file)
	defer C.free(unsafe.Pointer(name))
	return newModel(func(out **C.trtyolo_model) error {
		return call(func() C.trtyolo_status { return C.trtyolo_model_load(name, how, out) })
	})
}

// use runs function with the model, which stays open until it returns.
func (model *Model) use(function func(raw *C.trtyolo_model) C.trtyolo_status) error {
	model.mutex.RLock()
	defer model.mutex.RUnlock()
	if model.raw == nil {
		return errClosed
	}
	return call(func() C.trtyolo_status { return function(model.raw) })
}

// Close frees the model, when calls that are under way have returned. Its clones and results stay. Closing again does
// nothing.
func (model *Model) Close() error {
	model.mutex.Lock()
	defer model.mutex.Unlock()
	C.trtyolo_model_free(model.raw)
	model.raw = nil
	runtime.SetFinalizer(model, nil)
	return nil
}

// Clone makes a model on the same engine with a context and thresholds of its own: for another goroutine. Cheap, any depth.
func (model *Model) Clone() (*Model, error) {
	return newModel(func(out **C.trtyolo_model) error {
		return model.use(func(raw *C.trtyolo_model) C.trtyolo_status { return C.trtyolo_model_clone(raw, out) })
	})
}

// CloneOn makes a clone on another GPU; the first one there loads the engine from the model's file.
func (model *Model) CloneOn(deviceID int) (*Model, error) {
	return newModel(func(out **C.trtyolo_model) error {
		return model.use(func(raw *C.trtyolo_model) C.trtyolo_status {
			return C.trtyolo_model_clone_on(raw, C.int(deviceID), out)
		})
	})
}

// Info is what is known of it; empty when it is closed.
func (model *Model) Info() Info {
	var info Info
	_ = model.use(func(raw *C.trtyolo_model) C.trtyolo_status {
		info = newInfo(C.trtyolo_model_info(raw))
		return C.TRTYOLO_OK
	})
	return info
}

// Predict says what is in an image. One goroutine at a time: a second one gets Busy.
func (model *Model) Predict(image Image) (*Result, error) {
	return only(predict([]Image{image}, model.predict, newResult))
}

// PredictBatch says what is in images of any sizes, in their order: all of them or none.
func (model *Model) PredictBatch(images []Image) ([]*Result, error) {
	return predict(images, model.predict, newResult)
}

// PredictJSON is Predict, whose result is one JSON object on one line, as `trtyolo predict --json` writes it.
func (model *Model) PredictJSON(image Image) (string, error) {
	return only(predict([]Image{image}, model.predict, newJSON))
}

func (model *Model) predict(first *C.trtyolo_image, count C.size_t, results **C.trtyolo_result) error {
	return model.use(func(raw *C.trtyolo_model) C.trtyolo_status {
		return C.trtyolo_model_predict(raw, first, count, results)
	})
}

// SetConfidence: objects must score more than this, 0 to 1; 0.25 by default.
func (model *Model) SetConfidence(threshold float32) error {
	return model.use(func(raw *C.trtyolo_model) C.trtyolo_status {
		return C.trtyolo_model_set_confidence(raw, C.float(threshold))
	})
}

// SetIoU: of two boxes of a class that overlap by more than this, the one with the lower score is dropped; 0.7 by default.
func (model *Model) SetIoU(threshold float32) error {
	return model.use(func(raw *C.trtyolo_model) C.trtyolo_status {
		return C.trtyolo_model_set_iou(raw, C.float(threshold))
	})
}

// SetMaxDetections: most objects of an image, at least 1; 300 by default.
func (model *Model) SetMaxDetections(most int) error {
	return model.use(func(raw *C.trtyolo_model) C.trtyolo_status {
		return C.trtyolo_model_set_max_detections(raw, C.int(most))
	})
}

// SetClasses keeps only these classes; none, the default, keeps all.
func (model *Model) SetClasses(classes ...int) error {
	list := cInts(classes)
	return model.use(func(raw *C.trtyolo_model) C.trtyolo_status {
		return C.trtyolo_model_set_classes(raw, unsafe.SliceData(list), C.size_t(len(list)))
	})
}

// SetAgnostic: whether boxes of different classes suppress each other, too. Off by default.
func (model *Model) SetAgnostic(agnostic bool) error {
	return model.use(func(raw *C.trtyolo_model) C.trtyolo_status {
		return C.trtyolo_model_set_agnostic(raw, C.bool(agnostic))
	})
}

// SetTopK: how many classes a classifier gives, at least 1; 5 by default.
func (model *Model) SetTopK(classes int) error {
	return model.use(func(raw *C.trtyolo_model) C.trtyolo_status {
		return C.trtyolo_model_set_top_k(raw, C.int(classes))
	})
}

// SetRetinaMasks: whether masks have the size of the source image (on, the default) or of the network's input.
func (model *Model) SetRetinaMasks(retina bool) error {
	return model.use(func(raw *C.trtyolo_model) C.trtyolo_status {
		return C.trtyolo_model_set_retina_masks(raw, C.bool(retina))
	})
}

// predict hands images to function, and makes what is wanted of the results.
func predict[Made any](
	images []Image,
	function func(*C.trtyolo_image, C.size_t, **C.trtyolo_result) error,
	take func(*C.trtyolo_result) (Made, error),
) ([]Made, error) {
	var pinner runtime.Pinner
	defer pinner.Unpin()
	list, err := rawImages(images, &pinner)
	if err != nil {
		return nil, err
	}
	results := make([]*C.trtyolo_result, len(images))
	if err := function(unsafe.SliceData(list), C.size_t(len(list)), unsafe.SliceData(results)); err != nil {
		return nil, err
	}
	made := make([]Made, len(images))
	var failed error
	for i, raw := range results { // each of them, for that frees it
		if made[i], err = take(raw); err != nil {
			failed = err
		}
	}
	return made, failed
}

func only[Made any](made []Made, err error) (Made, error) {
	if err != nil {
		var none Made
		return none, err
	}
	return made[0], nil
}
