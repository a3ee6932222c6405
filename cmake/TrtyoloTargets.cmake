# Settings that every target of this project takes: target_link_libraries(... PRIVATE trtyolo_settings).
add_library(trtyolo_settings INTERFACE)

if(MSVC)
  target_compile_options(trtyolo_settings INTERFACE
    "$<$<COMPILE_LANGUAGE:CXX>:/W4;/permissive-;/fp:precise;$<$<BOOL:${TRTYOLO_WARNINGS_AS_ERRORS}>:/WX>>")
else()
  # No contraction: a fused multiply-add rounds once where the reference rounds twice.
  target_compile_options(trtyolo_settings INTERFACE
    "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wnon-virtual-dtor;-ffp-contract=off;$<$<BOOL:${TRTYOLO_WARNINGS_AS_ERRORS}>:-Werror>>")
endif()

# For kernels the same; what nvcc hands to the host's compiler is generated, so not pedantic.
target_compile_options(trtyolo_settings INTERFACE
  "$<$<COMPILE_LANGUAGE:CUDA>:--fmad=false;-Xcompiler=-Wall,-Wextra,-Wnon-virtual-dtor,-ffp-contract=off>"
  "$<$<AND:$<COMPILE_LANGUAGE:CUDA>,$<BOOL:${TRTYOLO_WARNINGS_AS_ERRORS}>>:--Werror=all-warnings;-Xcompiler=-Werror>")

if(TRTYOLO_SANITIZE)
  target_compile_options(trtyolo_settings INTERFACE
    "$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${TRTYOLO_SANITIZE};-fno-omit-frame-pointer;-g>")
  if(TRTYOLO_SANITIZE MATCHES "undefined")
    target_compile_options(trtyolo_settings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize-recover=all>)
  endif()
  target_link_options(trtyolo_settings INTERFACE -fsanitize=${TRTYOLO_SANITIZE})
endif()
