package trtyolo

// #include <stdlib.h>
// #include <trtyolo.h>
import "C"

import (
	"time"
	"unsafe"
)

// Option is one part of how a model is loaded and run. What makes no sense is an error of what it is given to.
type Option func(*C.trtyolo_options) C.trtyolo_status

func textOption(text string, set func(*C.trtyolo_options, *C.char) C.trtyolo_status) Option {
	return func(options *C.trtyolo_options) C.trtyolo_status {
		copied := C.CString(text)
		defer C.free(unsafe.Pointer(copied))
		return set(options, copied)
	}
}

func textsOption(texts []string, set func(*C.trtyolo_options, **C.char, C.size_t) C.trtyolo_status) Option {
	return func(options *C.trtyolo_options) C.trtyolo_status {
		list, free := cStrings(texts)
		defer free()
		first := (**C.char)(C.malloc(C.size_t(len(list)+1) * C.size_t(unsafe.Sizeof((*C.char)(nil)))))
		defer C.free(unsafe.Pointer(first))
		copy(unsafe.Slice(first, len(list)), list)
		return set(options, first, C.size_t(len(list)))
	}
}

func cInts(values []int) []C.int {
	list := make([]C.int, 0, len(values))
	for _, value := range values {
		list = append(list, C.int(value))
	}
	return list
}

// WithSwapRB says that images are BGR, not RGB.
func WithSwapRB() Option {
	return func(o *C.trtyolo_options) C.trtyolo_status { return C.trtyolo_options_enable_swap_rb(o) }
}

// WithBGRNetwork says whether the network takes BGR, whatever images are. By default what its family takes.
func WithBGRNetwork(bgr bool) Option {
	return func(o *C.trtyolo_options) C.trtyolo_status { return C.trtyolo_options_set_bgr_network(o, C.bool(bgr)) }
}

// WithPixelScale is the value of the brightest pixel in the network's input, above 0: 1 for most, 255 for YOLOX.
func WithPixelScale(scale float32) Option {
	return func(o *C.trtyolo_options) C.trtyolo_status {
		return C.trtyolo_options_set_pixel_scale(o, C.float(scale))
	}
}

// WithLetterbox says where images lie in the network's input: "auto" (the default), "center", "topleft" or "stretch".
func WithLetterbox(mode string) Option {
	return textOption(mode, func(o *C.trtyolo_options, text *C.char) C.trtyolo_status {
		return C.trtyolo_options_set_letterbox(o, text)
	})
}

// WithBorderValue is the letterbox fill, 0 to 255; 114 for most.
func WithBorderValue(value float32) Option {
	return func(o *C.trtyolo_options) C.trtyolo_status {
		return C.trtyolo_options_set_border_value(o, C.float(value))
	}
}

// WithNormalize is what follows the division by 255, in the order of the network's channels: (x / 255 - mean) / std.
func WithNormalize(mean, std [3]float32) Option {
	return func(o *C.trtyolo_options) C.trtyolo_status {
		return C.trtyolo_options_set_normalize_params(o, (*C.float)(&mean[0]), (*C.float)(&std[0]))
	}
}

// WithInputDimensions says that every image will be of this size, in pixels; others are then refused.
func WithInputDimensions(width, height int) Option {
	return func(o *C.trtyolo_options) C.trtyolo_status {
		return C.trtyolo_options_set_input_dimensions(o, C.int(width), C.int(height))
	}
}

// WithDeviceID is the GPU's ordinal, 0 by default. Without effect on a CPU.
func WithDeviceID(id int) Option {
	return func(o *C.trtyolo_options) C.trtyolo_status { return C.trtyolo_options_set_device_id(o, C.int(id)) }
}

// WithManagedMemory asks for unified-memory buffers on a GPU; without effect on a CPU.
func WithManagedMemory() Option {
	return func(o *C.trtyolo_options) C.trtyolo_status { return C.trtyolo_options_enable_managed_memory(o) }
}

// WithBackend is what runs the network: "auto" (the default), "openvino" or "tensorrt".
func WithBackend(name string) Option {
	return textOption(name, func(o *C.trtyolo_options, text *C.char) C.trtyolo_status {
		return C.trtyolo_options_set_backend(o, text)
	})
}

// WithPrecision is the arithmetic of the network: "f32" (the default, exact), "f16", "bf16" or "auto".
func WithPrecision(name string) Option {
	return textOption(name, func(o *C.trtyolo_options, text *C.char) C.trtyolo_status {
		return C.trtyolo_options_set_precision(o, text)
	})
}

// WithPluginLibraries are shared libraries with TensorRT plugins that an engine needs. They run their own code: load none that
// you do not trust.
func WithPluginLibraries(files ...string) Option {
	return textsOption(files, func(o *C.trtyolo_options, texts **C.char, count C.size_t) C.trtyolo_status {
		return C.trtyolo_options_set_plugin_libraries(o, texts, count)
	})
}

// WithStreams is how many predictions run side by side on a CPU: 1 (the default) for the lowest latency, N to let N clones run
// at once, 0 for what suits the machine.
func WithStreams(streams int) Option {
	return func(o *C.trtyolo_options) C.trtyolo_status { return C.trtyolo_options_set_streams(o, C.int(streams)) }
}

// WithThreads is how many threads the engine may use on a CPU; 0, the default: one a core.
func WithThreads(threads int) Option {
	return func(o *C.trtyolo_options) C.trtyolo_status { return C.trtyolo_options_set_threads(o, C.int(threads)) }
}

// WithSelfTest is what becomes of the self-test that the file holds: "off", "warn" (the default) or "refuse".
func WithSelfTest(mode string) Option {
	return textOption(mode, func(o *C.trtyolo_options, text *C.char) C.trtyolo_status {
		return C.trtyolo_options_set_self_test(o, text)
	})
}

// WithTask is the task of a model whose file does not name it: "classify", "detect", "obb", "segment", "pose", "semantic"
// or "depth".
func WithTask(task string) Option {
	return textOption(task, func(o *C.trtyolo_options, text *C.char) C.trtyolo_status {
		return C.trtyolo_options_set_task(o, text)
	})
}

// WithNames are the names in the order of their indices, in place of the file's.
func WithNames(names ...string) Option {
	return textsOption(names, func(o *C.trtyolo_options, texts **C.char, count C.size_t) C.trtyolo_status {
		return C.trtyolo_options_set_names(o, texts, count)
	})
}

// WithLayout is that of the output where the file does not tell it: "auto", "class_scores", "objectness" or "end_to_end".
func WithLayout(layout string) Option {
	return textOption(layout, func(o *C.trtyolo_options, text *C.char) C.trtyolo_status {
		return C.trtyolo_options_set_layout(o, text)
	})
}

// WithFamily is whose file it is, where the file does not tell: "ultralytics", "yolov5", "yolox", "rfdetr", ...
func WithFamily(family string) Option {
	return textOption(family, func(o *C.trtyolo_options, text *C.char) C.trtyolo_status {
		return C.trtyolo_options_set_family(o, text)
	})
}

// WithHead says whether the network's head is cut off and computed here: "auto" (the default), "whole" or "cut".
func WithHead(mode string) Option {
	return textOption(mode, func(o *C.trtyolo_options, text *C.char) C.trtyolo_status {
		return C.trtyolo_options_set_head(o, text)
	})
}

// WithNetworkSize is the network input of models with dynamic sizes, in pixels, both multiples of the model's stride.
func WithNetworkSize(width, height int) Option {
	return func(o *C.trtyolo_options) C.trtyolo_status {
		return C.trtyolo_options_set_network_size(o, C.int(width), C.int(height))
	}
}

// WithRect says of models with dynamic sizes: letterbox each image into the smallest rectangle that holds it (on by default).
func WithRect(rect bool) Option {
	return func(o *C.trtyolo_options) C.trtyolo_status { return C.trtyolo_options_set_rect(o, C.bool(rect)) }
}

// WithBatch is most images in one run of the network, of models with a dynamic batch; 1 by default.
func WithBatch(batch int) Option {
	return func(o *C.trtyolo_options) C.trtyolo_status { return C.trtyolo_options_set_batch(o, C.int(batch)) }
}

// WithConfidence is the first value of Model.SetConfidence.
func WithConfidence(threshold float32) Option {
	return func(o *C.trtyolo_options) C.trtyolo_status {
		return C.trtyolo_options_set_confidence(o, C.float(threshold))
	}
}

// WithIoU is the first value of Model.SetIoU.
func WithIoU(threshold float32) Option {
	return func(o *C.trtyolo_options) C.trtyolo_status { return C.trtyolo_options_set_iou(o, C.float(threshold)) }
}

// WithMaxDetections is the first value of Model.SetMaxDetections.
func WithMaxDetections(most int) Option {
	return func(o *C.trtyolo_options) C.trtyolo_status {
		return C.trtyolo_options_set_max_detections(o, C.int(most))
	}
}

// WithClasses is the first value of Model.SetClasses.
func WithClasses(classes ...int) Option {
	return func(o *C.trtyolo_options) C.trtyolo_status {
		list := cInts(classes)
		return C.trtyolo_options_set_classes(o, unsafe.SliceData(list), C.size_t(len(list)))
	}
}

// WithAgnostic is the first value of Model.SetAgnostic.
func WithAgnostic(agnostic bool) Option {
	return func(o *C.trtyolo_options) C.trtyolo_status {
		return C.trtyolo_options_set_agnostic(o, C.bool(agnostic))
	}
}

// WithTopK is the first value of Model.SetTopK.
func WithTopK(classes int) Option {
	return func(o *C.trtyolo_options) C.trtyolo_status { return C.trtyolo_options_set_top_k(o, C.int(classes)) }
}

// WithRetinaMasks is the first value of Model.SetRetinaMasks.
func WithRetinaMasks(retina bool) Option {
	return func(o *C.trtyolo_options) C.trtyolo_status {
		return C.trtyolo_options_set_retina_masks(o, C.bool(retina))
	}
}

// optionsOf makes an object of these options; free it after use.
func optionsOf(list []Option) (*C.trtyolo_options, error) {
	var options *C.trtyolo_options
	if err := call(func() C.trtyolo_status { return C.trtyolo_options_new(&options) }); err != nil {
		return nil, err
	}
	for _, set := range list {
		if err := call(func() C.trtyolo_status { return set(options) }); err != nil {
			C.trtyolo_options_free(options)
			return nil, err
		}
	}
	return options, nil
}

// PoolOptions is how a pool works; zero values are the usual ones.
type PoolOptions struct {
	Contexts      int           // runs at the same time, on each device; 0: what keeps the machine busy
	MaxBatchSize  int           // most images in one run; 0: the model's batch
	MaxQueueDelay time.Duration // how long an image may wait for others to share its run with; 0: 2 ms, less: not at all
	QueueLength   uint          // most images that wait in the queue; 0: four runs for each context, but at least 64
	Reject        bool          // whether an image that finds the queue full is refused; otherwise its caller waits
	Devices       []int         // GPUs that the pool runs images on; nil: that of the model alone
	AllDevices    bool          // all GPUs of the machine, in the place of Devices
}

// object makes an object of these options; free it after use.
func (how PoolOptions) object() (*C.trtyolo_pool_options, error) {
	var options *C.trtyolo_pool_options
	err := call(func() C.trtyolo_status { return C.trtyolo_pool_options_new(&options) })
	set := func(wanted bool, function func() C.trtyolo_status) {
		if wanted && err == nil {
			err = call(function)
		}
	}
	set(true, func() C.trtyolo_status { return C.trtyolo_pool_options_set_contexts(options, C.int(how.Contexts)) })
	set(true, func() C.trtyolo_status {
		return C.trtyolo_pool_options_set_max_batch_size(options, C.int(how.MaxBatchSize))
	})
	set(how.MaxQueueDelay != 0, func() C.trtyolo_status {
		delay := max(how.MaxQueueDelay, 0).Seconds() * 1e3
		return C.trtyolo_pool_options_set_max_queue_delay(options, C.double(delay))
	})
	set(true, func() C.trtyolo_status {
		return C.trtyolo_pool_options_set_queue_length(options, C.size_t(how.QueueLength))
	})
	set(true, func() C.trtyolo_status { return C.trtyolo_pool_options_set_reject(options, C.bool(how.Reject)) })
	set(how.Devices != nil, func() C.trtyolo_status {
		list := cInts(how.Devices)
		return C.trtyolo_pool_options_set_devices(options, unsafe.SliceData(list), C.size_t(len(list)))
	})
	set(how.AllDevices, func() C.trtyolo_status { return C.trtyolo_pool_options_set_all_devices(options) })
	if err != nil {
		C.trtyolo_pool_options_free(options)
		return nil, err
	}
	return options, nil
}
