// Files as they come from a disk or a client, one pool: encoded MODEL IMAGE...
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "trtyolo.hpp"
#include "trtyolo/media.hpp"

namespace {

using Bytes = std::vector<char>;

std::shared_ptr<const Bytes> bytesOf(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return std::make_shared<const Bytes>(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: encoded MODEL IMAGE...\n";
    return 2;
  }
  const std::shared_ptr<trtyolo::MediaDecoder> decoder = trtyolo::makeImageDecoder();
  trtyolo::InferOption option;
  option.setImageDecoder(decoder);
  trtyolo::Pool<trtyolo::DetectModel> pool(argv[1], option);

  // The pool keeps the bytes until an image is done. Images are decoded while earlier ones run.
  std::vector<std::pair<std::string, trtyolo::Ticket<trtyolo::DetResult>>> tickets;
  for (int i = 2; i < argc; ++i) {
    const std::shared_ptr<const Bytes> bytes = bytesOf(argv[i]);
    const trtyolo::EncodedImage image{bytes->data(), bytes->size()};
    tickets.emplace_back(argv[i], pool.submit(trtyolo::OwnedEncodedImage(image, bytes)));
  }
  int failed = 0;
  for (auto& [file, ticket] : tickets) {
    try {
      std::cout << file << ": " << ticket.get().num << " objects\n";
    } catch (const trtyolo::Error& error) {  // of this file alone
      std::cout << file << ": " << error.what() << '\n';
      failed = 1;
    }
  }
  const trtyolo::DecodeCounts counts = decoder->counts();
  std::cout << counts.gpu << " decoded on a GPU, " << counts.cpu << " on the CPU, " << counts.failed << " damaged\n";
  return failed;
}
