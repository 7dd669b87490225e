# Room files: data sets and model files.
foreach(name idx_fuzz gz_fuzz csv_fuzz)
    xtinycc_fuzz(${name} SOURCES ${files_idx} LIBS Threads::Threads ${CMAKE_DL_LIBS} ZLIB::ZLIB)
    target_compile_definitions(${name} PRIVATE NN_HAVE_ZLIB)
    target_include_directories(${name} PRIVATE
        ${files_src} ${PROJECT_SOURCE_DIR}/runtime/include)
endforeach()
foreach(name keras_fuzz keras_config_fuzz model_text_fuzz)
    xtinycc_fuzz(${name} LIBS nn_files_core)
endforeach()
xtinycc_fuzz(quant_file_fuzz LIBS nn_inside)
xtinycc_fuzz(elf_needed_fuzz LIBS nn_inside)
if(XTINYCC_FUZZ) # libFuzzer follows the branches of the parsers, not only of the targets
    target_compile_options(nn_files_core PRIVATE -fsanitize=fuzzer-no-link)
endif()
