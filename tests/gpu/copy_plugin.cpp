// A library of plugins for TensorRT, as exporters bring one: the plugin CopyForTests_TRT gives what it is given. It is
// named by getCreators(), as IPluginRegistry::loadLibrary() asks for it.
#include <NvInfer.h>
#include <cuda_runtime_api.h>

#include <array>
#include <cstdint>

namespace {

using nvinfer1::DataType;
using nvinfer1::PluginFieldCollection;

constexpr const char *kName = "CopyForTests_TRT", *kVersion = "1", *kNamespace = "";

class CopyPlugin final : public nvinfer1::IPluginV3,
                         public nvinfer1::IPluginV3OneCore,
                         public nvinfer1::IPluginV3OneBuild,
                         public nvinfer1::IPluginV3OneRuntime {
 public:
  nvinfer1::IPluginCapability* getCapabilityInterface(nvinfer1::PluginCapabilityType type) noexcept override {
    switch (type) {
      case nvinfer1::PluginCapabilityType::kCORE:
        return static_cast<nvinfer1::IPluginV3OneCore*>(this);
      case nvinfer1::PluginCapabilityType::kBUILD:
        return static_cast<nvinfer1::IPluginV3OneBuild*>(this);
      case nvinfer1::PluginCapabilityType::kRUNTIME:
        return static_cast<nvinfer1::IPluginV3OneRuntime*>(this);
    }
    return nullptr;
  }
  nvinfer1::IPluginV3* clone() noexcept override { return new CopyPlugin(*this); }

  const char* getPluginName() const noexcept override { return kName; }
  const char* getPluginVersion() const noexcept override { return kVersion; }
  const char* getPluginNamespace() const noexcept override { return kNamespace; }

  std::int32_t configurePlugin(const nvinfer1::DynamicPluginTensorDesc* /*inputs*/, std::int32_t /*count*/,
                               const nvinfer1::DynamicPluginTensorDesc* /*outputs*/,
                               std::int32_t /*count*/) noexcept override {
    return 0;
  }
  std::int32_t getOutputDataTypes(DataType* outputs, std::int32_t /*count*/, const DataType* inputs,
                                  std::int32_t /*count*/) const noexcept override {
    outputs[0] = inputs[0];
    return 0;
  }
  std::int32_t getOutputShapes(const nvinfer1::DimsExprs* inputs, std::int32_t /*count*/,
                               const nvinfer1::DimsExprs* /*shapes*/, std::int32_t /*count*/,
                               nvinfer1::DimsExprs* outputs, std::int32_t /*count*/,
                               nvinfer1::IExprBuilder& /*builder*/) noexcept override {
    outputs[0] = inputs[0];
    return 0;
  }
  bool supportsFormatCombination(std::int32_t at, const nvinfer1::DynamicPluginTensorDesc* tensors,
                                 std::int32_t /*inputs*/, std::int32_t /*outputs*/) noexcept override {
    return tensors[at].desc.type == DataType::kFLOAT && tensors[at].desc.format == nvinfer1::TensorFormat::kLINEAR;
  }
  std::int32_t getNbOutputs() const noexcept override { return 1; }

  std::int32_t onShapeChange(const nvinfer1::PluginTensorDesc* /*inputs*/, std::int32_t /*count*/,
                             const nvinfer1::PluginTensorDesc* /*outputs*/, std::int32_t /*count*/) noexcept override {
    return 0;
  }
  std::int32_t enqueue(const nvinfer1::PluginTensorDesc* shapes, const nvinfer1::PluginTensorDesc* /*outputs*/,
                       const void* const* inputs, void* const* outputs, void* /*workspace*/,
                       cudaStream_t stream) noexcept override {
    std::size_t bytes = sizeof(float);
    for (int i = 0; i < shapes[0].dims.nbDims; ++i) {
      bytes *= static_cast<std::size_t>(shapes[0].dims.d[i]);
    }
    return cudaMemcpyAsync(outputs[0], inputs[0], bytes, cudaMemcpyDeviceToDevice, stream) == cudaSuccess ? 0 : 1;
  }
  nvinfer1::IPluginV3* attachToContext(nvinfer1::IPluginResourceContext* /*context*/) noexcept override {
    return clone();
  }
  const PluginFieldCollection* getFieldsToSerialize() noexcept override { return &none_; }

 private:
  PluginFieldCollection none_{0, nullptr};
};

class Creator final : public nvinfer1::IPluginCreatorV3One {
 public:
  nvinfer1::IPluginV3* createPlugin(const char* /*name*/, const PluginFieldCollection* /*fields*/,
                                    nvinfer1::TensorRTPhase /*phase*/) noexcept override {
    return new CopyPlugin;
  }
  const PluginFieldCollection* getFieldNames() noexcept override { return &none_; }
  const char* getPluginName() const noexcept override { return kName; }
  const char* getPluginVersion() const noexcept override { return kVersion; }
  const char* getPluginNamespace() const noexcept override { return kNamespace; }

 private:
  PluginFieldCollection none_{0, nullptr};
};

}  // namespace

extern "C" __attribute__((visibility("default"))) nvinfer1::IPluginCreatorInterface* const* getCreators(
    std::int32_t& count) {
  static Creator creator;
  static const std::array<nvinfer1::IPluginCreatorInterface*, 1> all{&creator};
  count = static_cast<std::int32_t>(all.size());
  return all.data();
}

extern "C" __attribute__((visibility("default"))) void setLoggerFinder(nvinfer1::ILoggerFinder* /*finder*/) {}
