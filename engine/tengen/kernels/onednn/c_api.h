/* The part of oneDNN's C interface (version 3) that is used here, in cffi's dialect.
   Enumerations are passed as int. Regenerate c_api.py after a change: python generate_c_api.py */

typedef struct dnnl_engine *engine_t;
typedef struct dnnl_stream *stream_t;
typedef struct dnnl_memory_desc *md_t;
typedef struct dnnl_memory *memory_t;
typedef struct dnnl_primitive_desc *pd_t;
typedef struct dnnl_primitive *primitive_t;
typedef struct dnnl_primitive_attr *attr_t;
typedef struct dnnl_post_ops *post_ops_t;
typedef int64_t dim_t;
typedef struct { int arg; memory_t memory; } exec_arg_t;
typedef struct {
    int major; int minor; int patch; const char *hash; unsigned cpu_runtime; unsigned gpu_runtime;
} version_t;

/* library, engine, stream */
const version_t *dnnl_version(void);
int dnnl_set_verbose(int level);
int dnnl_get_effective_cpu_isa(void);
int dnnl_set_primitive_cache_capacity(int capacity);
int dnnl_engine_create(engine_t *engine, int kind, size_t index);
int dnnl_stream_create(stream_t *stream, engine_t engine, unsigned flags);
int dnnl_stream_destroy(stream_t stream);

/* memory */
int dnnl_memory_desc_create_with_strides(
    md_t *md, int ndims, const dim_t *dims, int data_type, const dim_t *strides);
int dnnl_memory_desc_create_with_tag(
    md_t *md, int ndims, const dim_t *dims, int data_type, int tag);
int dnnl_memory_desc_clone(md_t *md, const md_t existing);
int dnnl_memory_desc_destroy(md_t md);
int dnnl_memory_desc_query(const md_t md, int what, void *result);
int dnnl_memory_desc_equal(const md_t left, const md_t right);
size_t dnnl_memory_desc_get_size(const md_t md);
int dnnl_memory_create(memory_t *memory, const md_t md, engine_t engine, void *handle);
int dnnl_memory_set_data_handle(memory_t memory, void *handle);
int dnnl_memory_destroy(memory_t memory);

/* primitives and their attributes */
int dnnl_primitive_desc_query(const pd_t pd, int what, int index, void *result);
md_t dnnl_primitive_desc_query_md(const pd_t pd, int what, int index);
int dnnl_primitive_desc_destroy(pd_t pd);
int dnnl_primitive_create(primitive_t *primitive, const pd_t pd);
int dnnl_primitive_execute(
    const primitive_t primitive, stream_t stream, int nargs, const exec_arg_t *args);
int dnnl_primitive_destroy(primitive_t primitive);
int dnnl_primitive_attr_create(attr_t *attr);
int dnnl_primitive_attr_destroy(attr_t attr);
int dnnl_primitive_attr_set_scratchpad_mode(attr_t attr, int mode);
int dnnl_primitive_attr_set_fpmath_mode(attr_t attr, int mode);
int dnnl_primitive_attr_set_post_ops(attr_t attr, const post_ops_t post_ops);
int dnnl_post_ops_create(post_ops_t *post_ops);
int dnnl_post_ops_destroy(post_ops_t post_ops);
int dnnl_post_ops_append_sum(post_ops_t post_ops, float scale, int zero_point, int data_type);
int dnnl_post_ops_append_eltwise(post_ops_t post_ops, int algorithm, float alpha, float beta);
int dnnl_post_ops_append_binary(post_ops_t post_ops, int algorithm, const md_t src1);

/* one constructor per family and direction */
int dnnl_reorder_primitive_desc_create(pd_t *pd, const md_t src, engine_t src_engine,
    const md_t dst, engine_t dst_engine, const attr_t attr);
int dnnl_concat_primitive_desc_create(pd_t *pd, engine_t engine, const md_t dst, int n, int axis,
    const md_t *srcs, const attr_t attr);
int dnnl_sum_primitive_desc_create(pd_t *pd, engine_t engine, const md_t dst, int n,
    const float *scales, const md_t *srcs, const attr_t attr);
int dnnl_binary_primitive_desc_create(pd_t *pd, engine_t engine, int algorithm, const md_t src0,
    const md_t src1, const md_t dst, const attr_t attr);
int dnnl_convolution_forward_primitive_desc_create(pd_t *pd, engine_t engine, int prop,
    int algorithm, const md_t src, const md_t weights, const md_t bias, const md_t dst,
    const dim_t *strides, const dim_t *dilates, const dim_t *padding_l, const dim_t *padding_r,
    const attr_t attr);
int dnnl_convolution_backward_data_primitive_desc_create(pd_t *pd, engine_t engine,
    int algorithm, const md_t diff_src, const md_t weights, const md_t diff_dst,
    const dim_t *strides, const dim_t *dilates, const dim_t *padding_l, const dim_t *padding_r,
    const pd_t hint, const attr_t attr);
int dnnl_convolution_backward_weights_primitive_desc_create(pd_t *pd, engine_t engine,
    int algorithm, const md_t src, const md_t diff_weights, const md_t diff_bias,
    const md_t diff_dst, const dim_t *strides, const dim_t *dilates, const dim_t *padding_l,
    const dim_t *padding_r, const pd_t hint, const attr_t attr);
int dnnl_deconvolution_forward_primitive_desc_create(pd_t *pd, engine_t engine, int prop,
    int algorithm, const md_t src, const md_t weights, const md_t bias, const md_t dst,
    const dim_t *strides, const dim_t *dilates, const dim_t *padding_l, const dim_t *padding_r,
    const attr_t attr);
int dnnl_deconvolution_backward_data_primitive_desc_create(pd_t *pd, engine_t engine,
    int algorithm, const md_t diff_src, const md_t weights, const md_t diff_dst,
    const dim_t *strides, const dim_t *dilates, const dim_t *padding_l, const dim_t *padding_r,
    const pd_t hint, const attr_t attr);
int dnnl_deconvolution_backward_weights_primitive_desc_create(pd_t *pd, engine_t engine,
    int algorithm, const md_t src, const md_t diff_weights, const md_t diff_bias,
    const md_t diff_dst, const dim_t *strides, const dim_t *dilates, const dim_t *padding_l,
    const dim_t *padding_r, const pd_t hint, const attr_t attr);
int dnnl_shuffle_forward_primitive_desc_create(pd_t *pd, engine_t engine, int prop,
    const md_t src, const md_t dst, int axis, dim_t group_size, const attr_t attr);
int dnnl_eltwise_forward_primitive_desc_create(pd_t *pd, engine_t engine, int prop,
    int algorithm, const md_t src, const md_t dst, float alpha, float beta, const attr_t attr);
int dnnl_eltwise_backward_primitive_desc_create(pd_t *pd, engine_t engine, int algorithm,
    const md_t diff_src, const md_t diff_dst, const md_t data, float alpha, float beta,
    const pd_t hint, const attr_t attr);
int dnnl_softmax_forward_primitive_desc_create(pd_t *pd, engine_t engine, int prop,
    int algorithm, const md_t src, const md_t dst, int axis, const attr_t attr);
int dnnl_softmax_backward_primitive_desc_create(pd_t *pd, engine_t engine, int algorithm,
    const md_t diff_src, const md_t diff_dst, const md_t dst, int axis, const pd_t hint,
    const attr_t attr);
int dnnl_pooling_forward_primitive_desc_create(pd_t *pd, engine_t engine, int prop,
    int algorithm, const md_t src, const md_t dst, const dim_t *strides, const dim_t *kernel,
    const dim_t *dilation, const dim_t *padding_l, const dim_t *padding_r, const attr_t attr);
int dnnl_pooling_backward_primitive_desc_create(pd_t *pd, engine_t engine, int algorithm,
    const md_t diff_src, const md_t diff_dst, const dim_t *strides, const dim_t *kernel,
    const dim_t *dilation, const dim_t *padding_l, const dim_t *padding_r, const pd_t hint,
    const attr_t attr);
int dnnl_batch_normalization_forward_primitive_desc_create(pd_t *pd, engine_t engine, int prop,
    const md_t src, const md_t dst, float epsilon, unsigned flags, const attr_t attr);
int dnnl_batch_normalization_backward_primitive_desc_create(pd_t *pd, engine_t engine, int prop,
    const md_t diff_src, const md_t diff_dst, const md_t src, float epsilon, unsigned flags,
    const pd_t hint, const attr_t attr);
int dnnl_layer_normalization_forward_primitive_desc_create(pd_t *pd, engine_t engine, int prop,
    const md_t src, const md_t dst, const md_t stat, float epsilon, unsigned flags,
    const attr_t attr);
int dnnl_layer_normalization_backward_primitive_desc_create(pd_t *pd, engine_t engine, int prop,
    const md_t diff_src, const md_t diff_dst, const md_t src, const md_t stat, float epsilon,
    unsigned flags, const pd_t hint, const attr_t attr);
int dnnl_matmul_primitive_desc_create(pd_t *pd, engine_t engine, const md_t src,
    const md_t weights, const md_t bias, const md_t dst, const attr_t attr);
int dnnl_resampling_forward_primitive_desc_create(pd_t *pd, engine_t engine, int prop,
    int algorithm, const float *factors, const md_t src, const md_t dst, const attr_t attr);
int dnnl_resampling_backward_primitive_desc_create(pd_t *pd, engine_t engine, int algorithm,
    const float *factors, const md_t diff_src, const md_t diff_dst, const pd_t hint,
    const attr_t attr);
int dnnl_reduction_primitive_desc_create(pd_t *pd, engine_t engine, int algorithm,
    const md_t src, const md_t dst, float p, float epsilon, const attr_t attr);

/* names of blocked layouts: outer axes in order, capital where blocked, then the inner blocks */
enum {
    dnnl_Abc16a = 52, dnnl_ABc16a16b, dnnl_ABc32a32b, dnnl_aBc16b = 56, dnnl_ABc16b16a,
    dnnl_aBc32b = 59, dnnl_ABc16b16a2b = 64, dnnl_ABc8a16b2a = 66, dnnl_ABc8a8b, dnnl_aBc8b =
    69, dnnl_ABc8b16a2b, dnnl_BAc8a16b2a, dnnl_ABc8b8a, dnnl_Abcd16a, dnnl_Abcd8a,
    dnnl_ABcd16a16b, dnnl_Abcd32a, dnnl_ABcd32a32b, dnnl_aBcd16b, dnnl_ABcd16b16a,
    dnnl_aBCd16b16c, dnnl_aBCd16c16b, dnnl_aBcd32b = 83, dnnl_ABcd16b16a2b = 87,
    dnnl_aBCd16c16b2c = 95, dnnl_ABcd8a16b2a = 98, dnnl_ABcd8a8b = 100, dnnl_aBcd8b = 102,
    dnnl_ABcd8b16a2b = 104, dnnl_aBCd8b16c2b, dnnl_BAcd8a16b2a, dnnl_ABcd8b8a, dnnl_aBCd8b8c,
    dnnl_aBCd8c16b2c = 110, dnnl_ABcde8a16b2a, dnnl_aCBd8b16c2b, dnnl_aBCd8c8b, dnnl_Abcde16a,
    dnnl_Abcde32a, dnnl_ABcde16a16b, dnnl_BAcde8a16b2a, dnnl_aBcde16b = 121, dnnl_ABcde16b16a,
    dnnl_aBCde16b16c, dnnl_aBCde16c16b, dnnl_aBcde32b = 127, dnnl_aBCde16c16b2c = 136,
    dnnl_Abcde8a = 138, dnnl_ABcde8a8b, dnnl_BAcde16b16a = 141, dnnl_aBcde8b, dnnl_ABcde8b16a2b,
    dnnl_aBCde8b16c2b, dnnl_aCBde8b16c2b = 146, dnnl_ABcde8b8a, dnnl_ABcde32a32b,
    dnnl_aBCde8b8c, dnnl_ABcd2a8b8a2b = 157, dnnl_aBCde2b8c8b2c = 160, dnnl_aBCde8c16b2c,
    dnnl_aBCde8c8b, dnnl_aBcdef16b = 164, dnnl_aBCdef16b16c, dnnl_aBCdef16c16b, dnnl_aBCdef8b8c
    = 176, dnnl_aBCdef8c16b2c = 178, dnnl_aBCdef8b16c2b = 180, dnnl_aCBdef8b16c2b,
    dnnl_aBCdef8c8b, dnnl_aBdc16b, dnnl_aBdC16b2c, dnnl_aBdc8b = 187, dnnl_aBdec16b,
    dnnl_aBdeC16b2c, dnnl_aBdec32b = 191, dnnl_aBdec8b = 193, dnnl_aBdefc16b, dnnl_aBdefC16b2c,
    dnnl_aCBdef16c16b, dnnl_aBdefc8b = 198, dnnl_Abcdef16a, dnnl_Abcdef32a, dnnl_aBedc16b,
    dnnl_Acb16a, dnnl_AcB16a2b, dnnl_Acb8a = 206, dnnl_aCBd16b16c, dnnl_aCBd16c16b,
    dnnl_aCBde16b16c, dnnl_aCBde16c16b, dnnl_Acdb16a, dnnl_AcdB16a2b, dnnl_Acdb32a = 214,
    dnnl_Acdb8a = 216, dnnl_Acdeb16a, dnnl_AcdeB16a2b, dnnl_Acdeb8a = 220, dnnl_Adcb16a,
    dnnl_BAc16a16b, dnnl_BAc16b16a, dnnl_BAcd16a16b, dnnl_BAcd16b16a, dnnl_BAcde16a16b = 229,
    dnnl_aCBdef16b16c, dnnl_ABc16b32a, dnnl_ABc16b64a, dnnl_ABc8b32a2b = 235, dnnl_ABc8b64a2b,
    dnnl_AB16b16a, dnnl_AB16b32a, dnnl_AB16b64a, dnnl_AB8b16a2b, dnnl_AB8b32a2b, dnnl_AB8b64a2b,
    dnnl_ABcd16b32a = 247, dnnl_ABcd16b64a, dnnl_ABcd8b32a2b = 251, dnnl_ABcd8b64a2b,
    dnnl_ABcde16b16a2b = 256, dnnl_ABcde16b32a, dnnl_ABcde16b64a, dnnl_ABcde8b32a2b,
    dnnl_ABcde8b64a2b, dnnl_aBCdef16c16b2c = 262, dnnl_AB32a32b8a2b = 265, dnnl_AB8a2b,
    dnnl_abDc32d, dnnl_abdEc32e = 269, dnnl_abdEC32e2c, dnnl_ABcd16a16b2a = 274,
    dnnl_ABc16a16b2a, dnnl_aBCd16b16c2b, dnnl_aBCde16b16c2b, dnnl_Acb32a, dnnl_AcB32a2b,
    dnnl_Acb48a = 281, dnnl_AcB48a2b, dnnl_Acb64a = 284, dnnl_AcB64a2b, dnnl_cBa2b = 287,
    dnnl_aBdc32b = 289, dnnl_aBdC32b2c, dnnl_aBdc48b = 292, dnnl_aBdC48b2c, dnnl_aBdc64b = 295,
    dnnl_aBdC64b2c, dnnl_adCb2c = 298, dnnl_AcdB32a2b = 300, dnnl_Acdb48a = 302, dnnl_AcdB48a2b,
    dnnl_Acdb64a = 305, dnnl_AcdB64a2b, dnnl_cdBa2b = 308, dnnl_aBdeC32b2c = 310, dnnl_aBdec48b
    = 312, dnnl_aBdeC48b2c, dnnl_aBdec64b = 315, dnnl_aBdeC64b2c, dnnl_adeCb2c = 318,
    dnnl_Acdeb32a = 320, dnnl_AcdeB32a2b, dnnl_Acdeb48a = 323, dnnl_AcdeB48a2b, dnnl_Acdeb64a =
    326, dnnl_AcdeB64a2b, dnnl_cdeBa2b = 329, dnnl_aBdefc32b = 331, dnnl_aBdefC32b2c,
    dnnl_aBdefc48b = 334, dnnl_aBdefC48b2c, dnnl_aBdefc64b = 337, dnnl_aBdefC64b2c,
    dnnl_adefCb2c = 340, dnnl_AB16b16a2b = 345, dnnl_AB16b32a2b, dnnl_AB16b48a2b,
    dnnl_AB16b64a2b, dnnl_ABc16b32a2b = 352, dnnl_ABc16b48a2b, dnnl_ABc16b64a2b,
    dnnl_ABcd16b32a2b = 358, dnnl_ABcd16b48a2b, dnnl_ABcd16b64a2b, dnnl_ABcde16b32a2b = 364,
    dnnl_ABcde16b48a2b, dnnl_ABcde16b64a2b, dnnl_ABc32a16b, dnnl_ABcd32a16b, dnnl_ABcde32a16b,
    dnnl_AB48a16b, dnnl_AB48a32b, dnnl_ABc40a16b, dnnl_ABc40a32b, dnnl_aBC48b16c,
    dnnl_aBC48b32c, dnnl_ABcd40a16b, dnnl_ABcd40a32b, dnnl_abCd32c, dnnl_abdCe32c,
    dnnl_abdCE32c2e, dnnl_BA16a16b2a, dnnl_BA16a32b2a, dnnl_BA16a48b2a, dnnl_BA16a64b2a,
    dnnl_ABcd8a2b = 389, dnnl_aBdeC16c16b2c, dnnl_aBdefC16c16b2c = 392, dnnl_AcB16b16a2b,
    dnnl_AcdB16b16a2b = 395, dnnl_AcdeB16b16a2b = 397, dnnl_AcB16b32a2b = 400, dnnl_AcB16b48a2b
    = 402, dnnl_AcB16b64a2b = 404, dnnl_aBdC16c16b2c = 406, dnnl_aBdC16c32b2c = 408,
    dnnl_aBdC16c48b2c = 410, dnnl_aBdC16c64b2c = 412, dnnl_AcdB16b32a2b = 414, dnnl_AcdB16b48a2b
    = 416, dnnl_AcdB16b64a2b = 418, dnnl_aBdeC16c32b2c = 420, dnnl_aBdeC16c48b2c = 422,
    dnnl_aBdeC16c64b2c = 424, dnnl_AcdeB16b32a2b = 426, dnnl_AcdeB16b48a2b = 428,
    dnnl_AcdeB16b64a2b = 430, dnnl_aBdefC16c32b2c = 432, dnnl_aBdefC16c48b2c = 434,
    dnnl_aBdefC16c64b2c = 436, dnnl_decbA16a = 438, dnnl_ABc8a2b = 440, dnnl_aBCd8b2c,
    dnnl_ABcde8a2b = 443, dnnl_ABcde40a16b, dnnl_ABcde40a32b, dnnl_aBCde8b2c, dnnl_aBCdef8b2c =
    459, dnnl_AB32a16b, dnnl_AB32a32b, dnnl_aBC32b16c = 464, dnnl_aBC32b32c, dnnl_ABc2a8b16a2b =
    473, dnnl_ABc2b32a8b, dnnl_ABcd2a8b16a2b = 476, dnnl_aCBd2c8b16c2b, dnnl_ABcd2b32a8b,
    dnnl_aBCd2c8b16c2b, dnnl_ABcde2a8b16a2b = 481, dnnl_aCBde2c8b16c2b, dnnl_ABcde2b32a8b,
    dnnl_aBC2b8c16b2c, dnnl_aBCd2b8c16b2c, dnnl_aBCde2b8c16b2c, dnnl_aBCdef2b8c16b2c,
    dnnl_BAcde2b8a16b2a = 491, dnnl_BAcd2b8a16b2a, dnnl_BAc2b8a16b2a, dnnl_aBCde2c8b16c2b,
    dnnl_aBCdef2c8b16c2b, dnnl_aCBdef2c8b16c2b, dnnl_BA16a16b = 503, dnnl_BA16a32b,
    dnnl_BA16a48b, dnnl_BA16a64b, dnnl_aCB16c2b, dnnl_BA16b2a = 509, dnnl_aBC16b16c = 511,
    dnnl_aBC16b32c, dnnl_AB16a16b, dnnl_AB16a32b, dnnl_ABcde16a16b2a, dnnl_aBCdef16b16c2b,
    dnnl_Acedb16a, dnnl_aBdfec16b, dnnl_abdEC64e2c, dnnl_aCB16b16c = 521, dnnl_aCB16b32c,
    dnnl_aCB16b48c, dnnl_aCB16b64c, dnnl_aCB16b16c2b, dnnl_aCB16b32c2b, dnnl_aCB16b48c2b,
    dnnl_aCB16b64c2b, dnnl_abCde32c = 536, dnnl_abCdef32c, dnnl_ABcd16a32b, dnnl_decbA8a,
    dnnl_aCdefB16b32c2b, dnnl_aCdefB16b48c2b = 542, dnnl_aCdefB16b64c2b = 544,
    dnnl_BcdeA16a32b2a = 546, dnnl_BcdeA16a48b2a = 548, dnnl_BcdeA16a64b2a = 550, dnnl_aCdefb32c
    = 552, dnnl_aCdefB32c2b, dnnl_aCdefb48c = 555, dnnl_aCdefB48c2b, dnnl_aCdefb64c = 558,
    dnnl_aCdefB64c2b, dnnl_Bcdea32b = 561, dnnl_BcdeA32b2a, dnnl_Bcdea48b = 564,
    dnnl_BcdeA48b2a, dnnl_Bcdea64b = 567, dnnl_BcdeA64b2a, dnnl_Bca32b = 570, dnnl_BcA32b2a,
    dnnl_Bca48b = 573, dnnl_BcA48b2a, dnnl_Bca64b = 576, dnnl_BcA64b2a, dnnl_aCdb32c = 579,
    dnnl_aCdB32c2b, dnnl_aCdb48c = 582, dnnl_aCdB48c2b, dnnl_aCdb64c = 585, dnnl_aCdB64c2b,
    dnnl_BcA16a16b2a = 588, dnnl_BcdA16a16b2a = 590, dnnl_BcdeA16a16b2a = 592, dnnl_aCdB16b16c2b
    = 594, dnnl_aCdeB16b16c2b = 596, dnnl_aCdefB16b16c2b = 598, dnnl_BcA16a32b2a = 600,
    dnnl_BcA16a48b2a = 602, dnnl_BcA16a64b2a = 604, dnnl_aCdB16b32c2b = 606, dnnl_aCdB16b48c2b =
    608, dnnl_aCdB16b64c2b = 610, dnnl_BcdA16a32b2a = 612, dnnl_BcdA16a48b2a = 614,
    dnnl_BcdA16a64b2a = 616, dnnl_aCdeB16b32c2b = 618, dnnl_aCdeB16b48c2b = 620,
    dnnl_aCdeB16b64c2b = 622, dnnl_Bca16b = 624, dnnl_BcA16b2a, dnnl_Bcda16b = 627,
    dnnl_BcdA16b2a, dnnl_Bcdea16b = 630, dnnl_BcdeA16b2a, dnnl_aCdb16c = 633, dnnl_aCdB16c2b,
    dnnl_aCdeb16c = 636, dnnl_aCdeB16c2b, dnnl_aCdefb16c = 639, dnnl_aCdefB16c2b, dnnl_Bcda32b =
    642, dnnl_BcdA32b2a, dnnl_Bcda48b = 645, dnnl_BcdA48b2a, dnnl_Bcda64b = 648, dnnl_BcdA64b2a,
    dnnl_aCdeb32c = 651, dnnl_aCdeB32c2b, dnnl_aCdeb48c = 654, dnnl_aCdeB48c2b, dnnl_aCdeb64c =
    657, dnnl_aCdeB64c2b, dnnl_Acb24a = 660, dnnl_Acdb24a, dnnl_Acdeb24a, dnnl_aBdc24b,
    dnnl_aBdec24b, dnnl_aBdefc24b, dnnl_abDc16d, dnnl_abdEc16e, dnnl_abdCe16c, dnnl_AcB24a2b,
    dnnl_AcdB24a2b, dnnl_AcdeB24a2b, dnnl_aBdC24b2c, dnnl_aBdeC24b2c, dnnl_aBdefC24b2c,
    dnnl_AcB8a2b, dnnl_AcdB8a2b, dnnl_AcdeB8a2b, dnnl_aBdC8b2c, dnnl_aBdeC8b2c, dnnl_aBdefC8b2c,
    dnnl_AB8b32a, dnnl_ABc8b32a, dnnl_ABcd8b32a, dnnl_ABcde8b32a, dnnl_AB8b24a, dnnl_ABc8b24a,
    dnnl_ABcd8b24a, dnnl_ABcde8b24a, dnnl_AB8b16a, dnnl_ABc8b16a, dnnl_ABcd8b16a,
    dnnl_ABcde8b16a, dnnl_AB8b8a, dnnl_AB8b24a2b = 702, dnnl_ABc8b24a2b, dnnl_ABcd8b24a2b,
    dnnl_ABcde8b24a2b, dnnl_AB8b8a2b, dnnl_ABc8b8a2b, dnnl_ABcd8b8a2b, dnnl_ABcde8b8a2b,
    dnnl_Bca8b = 722, dnnl_BcA8b2a, dnnl_Bcda8b, dnnl_BcdA8b2a, dnnl_Bcdea8b, dnnl_BcdeA8b2a,
    dnnl_aCdb8c, dnnl_aCdB8c2b, dnnl_aCdeb8c, dnnl_aCdeB8c2b, dnnl_aCdefb8c, dnnl_aCdefB8c2b,
    dnnl_Bca24b, dnnl_BcA24b2a, dnnl_Bcda24b, dnnl_BcdA24b2a, dnnl_Bcdea24b, dnnl_BcdeA24b2a,
    dnnl_aCdb24c, dnnl_aCdB24c2b, dnnl_aCdeb24c, dnnl_aCdeB24c2b, dnnl_aCdefb24c,
    dnnl_aCdefB24c2b, dnnl_AB16b48a = 758, dnnl_ABc16b48a, dnnl_ABcd16b48a, dnnl_ABcde16b48a
};
