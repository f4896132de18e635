"""Workflows of every common kind, each with where its inputs are to be found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .writer import Flow

Where = dict[str, list[str]]  # meaning → "node.input"; [] means: there is none that can be set


@dataclass(frozen=True)
class Sample:
    """A workflow and what is to be found in it."""

    name: str
    flow: Flow
    where: Where = field(default_factory=dict)


SAMPLES: dict[str, Sample] = {}
SD15 = {"prompt": ["6.text"], "negative": ["7.text"], "seed": ["3.seed"], "width": ["5.width"],
        "height": ["5.height"], "steps": ["3.steps"], "cfg": ["3.cfg"], "batch": ["5.batch_size"],
        "sampler": ["3.sampler_name"], "checkpoint": ["4.ckpt_name"]}  # fmt: skip


def sample(**where: list[str]) -> Callable[[Callable[[], Flow]], Callable[[], Flow]]:
    def take(make: Callable[[], Flow]) -> Callable[[], Flow]:
        SAMPLES[make.__name__] = Sample(make.__name__, make(), where)
        return make

    return take


def base(checkpoint: str = "dreamshaper_8.safetensors", latent: str = "@5") -> Flow:
    """Checkpoint, two texts, sampler, decoder, one picture."""
    flow = Flow()
    flow.add("4", "CheckpointLoaderSimple", ckpt_name=checkpoint)
    flow.add("6", "CLIPTextEncode", text="a castle", clip="@4/1")
    flow.add("7", "CLIPTextEncode", text="ugly", clip="@4/1")
    if latent == "@5":
        flow.add("5", "EmptyLatentImage", width=512, height=640, batch_size=1)
    flow.add("3", "KSampler", seed=5, steps=22, cfg=7.5, sampler_name="euler", model="@4",
             positive="@6", negative="@7", latent_image=latent)  # fmt: skip
    flow.add("8", "VAEDecode", samples="@3", vae="@4/2")
    return flow.add("9", "SaveImage", images="@8", filename_prefix="x_%width%")


def link(node: str, slot: int = 0) -> list[object]:
    return [node, slot]


@sample(**SD15)
def sd15() -> Flow:
    return base()


@sample(**SD15, lora=["10.lora_name"])
def lora_and_clip_skip() -> Flow:
    flow = base()
    flow.add("10", "LoraLoader", lora_name="detail.safetensors", model="@4", clip="@4/1")
    flow.add("11", "CLIPSetLastLayer", clip="@10/1", stop_at_clip_layer=-2)
    for text in ("6", "7"):
        flow.nodes[text]["inputs"]["clip"] = link("11")
    flow.nodes["3"]["inputs"]["model"] = link("10")
    return flow


@sample(**SD15)
def lcm() -> Flow:
    flow = base("DreamShaper8_LCM.safetensors")
    flow.add("10", "ModelSamplingDiscrete", model="@4", sampling="lcm", zsnr=False)
    flow.nodes["3"]["inputs"].update(model=link("10"), sampler_name="lcm", steps=6, cfg=1.8)
    return flow


@sample(
    prompt=["6.text_g", "6.text_l"], negative=["7.text_g", "7.text_l"], seed=["3.seed"],
    width=["5.width", "6.width", "6.target_width", "7.width", "7.target_width"],
    height=["5.height", "6.height", "6.target_height", "7.height", "7.target_height"],
    steps=["3.steps"],
)  # fmt: skip
def sdxl() -> Flow:
    flow = base("sd_xl_base_1.0.safetensors")
    flow.nodes["5"]["inputs"].update(width=1024, height=768)
    size: dict[str, Any] = {
        "width": 1024,
        "height": 768,
        "target_width": 1024,
        "target_height": 768,
    }
    flow.add("6", "CLIPTextEncodeSDXL", text_g="a castle", text_l="a castle, sharp", clip="@4/1",
             **size)  # fmt: skip
    return flow.add("7", "CLIPTextEncodeSDXL", text_g="ugly", text_l="ugly", clip="@4/1", **size)


@sample(
    prompt=["20.value"], negative=["21.value"], seed=["3.noise_seed", "31.noise_seed"], steps=[],
    width=["5.width"], height=["5.height"], checkpoint=[],
)  # fmt: skip
def sdxl_with_refiner() -> Flow:
    flow = base("sd_xl_base_1.0.safetensors")
    flow.add("20", "PrimitiveStringMultiline", value="a castle")
    flow.add("21", "PrimitiveStringMultiline", value="ugly")
    flow.nodes["6"]["inputs"]["text"] = link("20")
    flow.nodes["7"]["inputs"]["text"] = link("21")
    flow.add("30", "CheckpointLoaderSimple", ckpt_name="sd_xl_refiner_1.0.safetensors")
    flow.add("33", "CLIPTextEncodeSDXLRefiner", text="@20", clip="@30/1")
    flow.add("34", "CLIPTextEncodeSDXLRefiner", text="@21", clip="@30/1")
    flow.add("3", "KSamplerAdvanced", model="@4", noise_seed=5, steps=25, end_at_step=20,
             positive="@6", negative="@7", latent_image="@5",
             return_with_leftover_noise="enable")  # fmt: skip
    flow.add("31", "KSamplerAdvanced", model="@30", add_noise="disable", noise_seed=5, steps=25,
             start_at_step=20, positive="@33", negative="@34", latent_image="@3")  # fmt: skip
    flow.nodes["8"]["inputs"]["samples"] = link("31")
    return flow


@sample(
    prompt=["6.clip_l", "6.clip_g", "6.t5xxl"], negative=["7.text"], seed=["3.seed"],
    width=["5.width"], height=["5.height"], batch=["5.batch_size"],
)  # fmt: skip
def sd3() -> Flow:
    flow = base("sd3.5_large.safetensors")
    flow.add("5", "EmptySD3LatentImage", width=1024, height=1024)
    flow.add("10", "TripleCLIPLoader", clip_name1="clip_l.safetensors",
             clip_name2="clip_g.safetensors", clip_name3="t5xxl_fp16.safetensors")  # fmt: skip
    flow.add("11", "ModelSamplingSD3", model="@4", shift=3.0)
    flow.add("6", "CLIPTextEncodeSD3", clip="@10", clip_l="a castle", clip_g="a castle",
             t5xxl="a castle on a hill")  # fmt: skip
    flow.nodes["3"]["inputs"]["model"] = link("11")
    return flow


@sample(prompt=["6.text"], negative=["7.text"], seed=["3.seed"])
def sd3_zeroed_negative() -> Flow:
    """As in Stability's own example: the negative is cut short and combined with zeros."""
    flow = base("sd3.5_large.safetensors")
    flow.add("40", "ConditioningZeroOut", conditioning="@7")
    flow.add("41", "ConditioningSetTimestepRange", conditioning="@40", start=0.1, end=1.0)
    flow.add("42", "ConditioningSetTimestepRange", conditioning="@7", start=0.0, end=0.1)
    flow.add("43", "ConditioningCombine", conditioning_1="@41", conditioning_2="@42")
    flow.nodes["3"]["inputs"]["negative"] = link("43")
    return flow


def flux_parts() -> Flow:
    flow = Flow()
    flow.add("12", "UNETLoader", unet_name="flux1-dev.safetensors")
    flow.add("11", "DualCLIPLoader", clip_name1="clip_l.safetensors",
             clip_name2="t5xxl_fp16.safetensors", type="flux")  # fmt: skip
    flow.add("10", "VAELoader", vae_name="ae.safetensors")
    flow.add("27", "EmptySD3LatentImage", width=1024, height=1024)
    flow.add("25", "RandomNoise", noise_seed=9)
    flow.add("16", "KSamplerSelect", sampler_name="euler")
    flow.add("30", "ModelSamplingFlux", model="@12", max_shift=1.15, base_shift=0.5, width=1024,
             height=1024)  # fmt: skip
    flow.add("17", "BasicScheduler", model="@30", scheduler="simple", steps=20)
    flow.add("6", "CLIPTextEncode", text="a castle", clip="@11")
    return flow


def flux_end(flow: Flow, guider: str = "@22") -> Flow:
    flow.add("13", "SamplerCustomAdvanced", noise="@25", guider=guider, sampler="@16",
             sigmas="@17", latent_image="@27")  # fmt: skip
    flow.add("8", "VAEDecode", samples="@13", vae="@10")
    return flow.add("9", "SaveImage", images="@8")


FLUX = {"seed": ["25.noise_seed"], "steps": ["17.steps"], "sampler": ["16.sampler_name"],
        "width": ["27.width", "30.width"], "height": ["27.height", "30.height"],
        "unet": ["12.unet_name"]}  # fmt: skip


@sample(**FLUX, prompt=["6.text"], negative=[], guidance=["26.guidance"])
def flux() -> Flow:
    flow = flux_parts()
    flow.add("26", "FluxGuidance", conditioning="@6", guidance=3.5)
    flow.add("22", "BasicGuider", model="@30", conditioning="@26")
    return flux_end(flow)


@sample(**FLUX, prompt=["6.clip_l", "6.t5xxl"], negative=[], guidance=["6.guidance"])
def flux_two_texts() -> Flow:
    flow = flux_parts()
    flow.add("6", "CLIPTextEncodeFlux", clip="@11", clip_l="castle", t5xxl="a castle", guidance=3)
    flow.add("22", "BasicGuider", model="@30", conditioning="@6")
    return flux_end(flow)


@sample(prompt=["6.text"], negative=[], seed=["3.seed"], guidance=["26.guidance"])
def flux_in_one_file() -> Flow:
    flow = base("flux1-dev-fp8.safetensors")
    flow.add("26", "FluxGuidance", conditioning="@6", guidance=3.5)
    flow.add("7", "ConditioningZeroOut", conditioning="@6")
    flow.nodes["3"]["inputs"].update(positive=link("26"), cfg=1.0)
    return flow


@sample(**FLUX, prompt=["6.text"], negative=["7.text"], cfg=["22.cfg"])
def cfg_guider() -> Flow:
    flow = flux_parts()
    flow.add("7", "CLIPTextEncode", text="ugly", clip="@11")
    flow.add("22", "CFGGuider", model="@30", positive="@6", negative="@7", cfg=2.0)
    return flux_end(flow)


@sample(**FLUX, prompt=["6.text"], negative=["7.text"])
def perp_neg_guider() -> Flow:
    flow = flux_parts()
    flow.add("7", "CLIPTextEncode", text="ugly", clip="@11")
    flow.add("14", "CLIPTextEncode", text="", clip="@11")
    flow.add("22", "PerpNegGuider", model="@30", positive="@6", negative="@7",
             empty_conditioning="@14")  # fmt: skip
    return flux_end(flow)


@sample(prompt=["6.text"], negative=["7.text"], seed=["3.noise_seed"], steps=["10.steps"])
def sampler_custom() -> Flow:
    flow = base()
    flow.add("10", "KarrasScheduler", steps=20)
    flow.add("11", "KSamplerSelect", sampler_name="dpmpp_2m")
    return flow.add("3", "SamplerCustom", model="@4", noise_seed=3, positive="@6", negative="@7",
                    sampler="@11", sigmas="@10", latent_image="@5")  # fmt: skip


@sample(prompt=["6.text"], negative=["7.text"], width=[], height=[], image=["10.image"], batch=[])
def img2img() -> Flow:
    flow = base(latent="@11")
    flow.add("10", "LoadImage", image="example.png")
    flow.add("12", "ImageScale", image="@10", width=512, height=512)
    flow.add("11", "VAEEncode", pixels="@12", vae="@4/2")
    flow.nodes["3"]["inputs"]["denoise"] = 0.6
    return flow


@sample(prompt=["6.text"], width=[], image=["10.image"])
def inpaint() -> Flow:
    flow = base("512-inpainting-ema.safetensors", latent="@11")
    flow.add("10", "LoadImage", image="example.png")
    return flow.add("11", "VAEEncodeForInpaint", pixels="@10", mask="@10/1", vae="@4/2")


@sample(prompt=["6.text"], negative=["7.text"], image=["10.image"])
def inpaint_conditioning() -> Flow:
    flow = base(latent="@11/2")
    flow.add("10", "LoadImage", image="example.png")
    flow.add("11", "InpaintModelConditioning", positive="@6", negative="@7", vae="@4/2",
             pixels="@10", mask="@10/1", noise_mask=True)  # fmt: skip
    flow.nodes["3"]["inputs"].update(positive=link("11", 0), negative=link("11", 1))
    return flow


@sample(prompt=["6.text"], image=["10.image"])
def outpaint() -> Flow:
    flow = base(latent="@11")
    flow.add("10", "LoadImage", image="example.png")
    flow.add("12", "ImagePadForOutpaint", image="@10", left=64)
    return flow.add("11", "VAEEncodeForInpaint", pixels="@12", mask="@12/1", vae="@4/2")


@sample(prompt=["6.text"], negative=["7.text"], seed=["3.seed", "13.seed"], width=["5.width"],
        steps=[])  # fmt: skip
def upscale_chain() -> Flow:
    flow = base()
    flow.add("12", "LatentUpscale", samples="@3", width=1024, height=1280)
    flow.add("13", "KSampler", seed=5, steps=14, denoise=0.5, model="@4", positive="@6",
             negative="@7", latent_image="@12")  # fmt: skip
    flow.add("14", "UpscaleModelLoader", model_name="RealESRGAN_x4.pth")
    flow.nodes["8"]["inputs"]["samples"] = link("13")
    flow.add("15", "ImageUpscaleWithModel", upscale_model="@14", image="@8")
    flow.nodes["9"]["inputs"]["images"] = link("15")
    return flow


def controlled(flow: Flow) -> Flow:
    flow.add("20", "LoadImage", image="example.png")
    flow.add("21", "Canny", image="@20")
    return flow.add("22", "ControlNetLoader", control_net_name="control_canny.safetensors")


@sample(prompt=["6.text"], negative=["7.text"], seed=["3.seed"], image=["20.image"],
        width=["5.width"])  # fmt: skip
def controlnet() -> Flow:
    flow = controlled(base())
    flow.add("23", "ControlNetApplyAdvanced", positive="@6", negative="@7", control_net="@22",
             image="@21")  # fmt: skip
    flow.nodes["3"]["inputs"].update(positive=link("23", 0), negative=link("23", 1))
    return flow


@sample(prompt=["6.text"], negative=["7.text"])
def controlnet_of_old() -> Flow:
    flow = controlled(base())
    flow.add("23", "ControlNetApply", conditioning="@6", control_net="@22", image="@21")
    flow.nodes["3"]["inputs"]["positive"] = link("23")
    return flow


@sample(prompt=["6.text"], negative=["7.text"])
def two_controlnets() -> Flow:
    flow = controlled(base())
    flow.add("24", "ControlNetLoader", control_net_name="control_depth.pth")
    flow.add("23", "ControlNetApplyAdvanced", positive="@6", negative="@7", control_net="@22",
             image="@21")  # fmt: skip
    flow.add("25", "ControlNetApplyAdvanced", positive="@23", negative="@23/1", control_net="@24",
             image="@20")  # fmt: skip
    flow.nodes["3"]["inputs"].update(positive=link("25", 0), negative=link("25", 1))
    return flow


@sample(**SD15, image=["20.image"])
def ipadapter() -> Flow:
    flow = base()
    flow.add("20", "LoadImage", image="example.png")
    flow.add("21", "IPAdapterUnifiedLoader", model="@4", preset="PLUS (high strength)")
    flow.add("22", "IPAdapterAdvanced", model="@21", ipadapter="@21/1", image="@20", weight=0.8)
    flow.nodes["3"]["inputs"]["model"] = link("22")
    return flow


def regions(flow: Flow) -> Flow:
    flow.add("20", "CLIPTextEncode", text="a lake", clip="@4/1")
    flow.add("21", "ConditioningSetArea", conditioning="@20", width=256, height=640)
    flow.add("22", "ConditioningCombine", conditioning_1="@6", conditioning_2="@21")
    flow.nodes["3"]["inputs"]["positive"] = link("22")
    return flow


@sample(prompt=[], negative=["7.text"], seed=["3.seed"], width=["5.width"])
def regional_marked() -> Flow:
    flow = regions(base())
    flow.nodes["6"]["inputs"]["text"] = "masterpiece, %prompt%"
    return flow


@sample(prompt=["20.text"], negative=["7.text"], seed=["3.seed"])
def regional_titled() -> Flow:
    flow = regions(base())
    flow.nodes["20"]["_meta"]["title"] = "Prompt"
    return flow


@sample(**SD15)
def several_outputs() -> Flow:
    flow = base()
    flow.add("10", "PreviewImage", images="@8")
    flow.add("11", "ImageScaleBy", image="@8", scale_by=2.0)
    flow.add("12", "SaveImage", images="@11", filename_prefix="large")
    return flow.add("13", "SaveImageWebsocket", images="@8")


@sample(prompt=["20.value"], negative=["7.text"])
def strings_put_together() -> Flow:
    """The one that was left empty is meant for the prompt."""
    flow = base()
    flow.add("20", "PrimitiveString", value="")
    flow.add("21", "PrimitiveStringMultiline", value="oil on canvas, detailed")
    flow.add("22", "StringConcatenate", string_a="@20", string_b="@21", delimiter=", ")
    flow.add("23", "StringTrim", string="@22")
    flow.nodes["6"]["inputs"]["text"] = link("23")
    return flow


@sample(prompt=[], negative=["7.text"])
def strings_marked() -> Flow:
    flow = base()
    flow.add("22", "StringConcatenate", string_a="%prompt%", string_b="oil on canvas")
    flow.nodes["6"]["inputs"]["text"] = link("22")
    return flow


@sample(prompt=["20.value"], seed=["21.value"], width=["22.value"], height=["22.value"],
        steps=["3.steps"])  # fmt: skip
def primitives() -> Flow:
    flow = base()
    flow.add("20", "PrimitiveStringMultiline", value="a castle")
    flow.add("21", "PrimitiveInt", value=77)
    flow.add("22", "PrimitiveInt", value=512)
    flow.nodes["6"]["inputs"]["text"] = link("20")
    flow.nodes["3"]["inputs"]["seed"] = link("21")
    flow.nodes["5"]["inputs"].update(width=link("22"), height=link("22"))
    return flow


@sample(seed=["20.seed"], prompt=["6.text"])
def seed_of_a_custom_node() -> Flow:
    flow = base()
    flow.add("20", "Seed (rgthree)", seed=4)
    flow.nodes["3"]["inputs"]["seed"] = link("20")
    return flow


@sample(prompt=["6.text"], negative=["7.text"])
def dynamic_inputs() -> Flow:
    """A switch whose sockets the type doesn't list."""
    flow = base()
    flow.add("20", "Any Switch (rgthree)")
    flow.nodes["20"]["inputs"] = {"any_01": link("6")}
    flow.nodes["3"]["inputs"]["positive"] = link("20")
    return flow


@sample(prompt=["20.positive"], negative=["20.negative"], seed=["3.seed"],
        width=["20.empty_latent_width"], height=["20.empty_latent_height"],
        batch=["20.batch_size"], checkpoint=["20.ckpt_name"])  # fmt: skip
def loader_with_texts() -> Flow:
    flow = Flow()
    flow.add("20", "Efficient Loader", ckpt_name="dreamshaper_8.safetensors", positive="a castle",
             negative="ugly")  # fmt: skip
    flow.add("3", "KSampler", model="@20", positive="@20/1", negative="@20/2",
             latent_image="@20/3")  # fmt: skip
    flow.add("8", "VAEDecode", samples="@3", vae="@20/4")
    return flow.add("9", "SaveImage", images="@8")


@sample(prompt=["6.text"], negative=["7.text"], seed=["11.seed"], steps=["11.steps"])
def through_a_pipe() -> Flow:
    flow = base()
    for gone in ("3", "8"):
        del flow.nodes[gone]
    flow.add("10", "ToBasicPipe", model="@4", clip="@4/1", vae="@4/2", positive="@6",
             negative="@7")  # fmt: skip
    flow.add("11", "PipeSampler", basic_pipe="@10", latent="@5", seed=1)
    flow.nodes["9"]["inputs"]["images"] = link("11")
    return flow


@sample(prompt=["1.prompt"], negative=["1.negative_prompt"], seed=["1.seed"], width=[])
def without_conditioning() -> Flow:
    flow = Flow().add("1", "CloudPainter", prompt="a castle", negative_prompt="ugly")
    return flow.add("2", "SaveImage", images="@1")


@sample(prompt=["6.clip_l", "6.clip_g", "6.t5xxl", "6.llama"], negative=["7.text"])
def hidream() -> Flow:
    flow = base()
    flow.add("10", "QuadrupleCLIPLoader", clip_name1="clip_l.safetensors",
             clip_name2="clip_g.safetensors", clip_name3="t5xxl_fp16.safetensors",
             clip_name4="llama_3.1_8b.safetensors")  # fmt: skip
    return flow.add("6", "CLIPTextEncodeHiDream", clip="@10", clip_l="castle", t5xxl="a castle")


@sample(prompt=["6.user_prompt"], negative=["7.text"])
def lumina() -> Flow:
    return base().add("6", "CLIPTextEncodeLumina2", user_prompt="a castle", clip="@4/1")


@sample(prompt=["6.text"], negative=["7.text"], image=["20.image"])
def style_model() -> Flow:
    flow = base()
    flow.add("20", "LoadImage", image="example.png")
    flow.add("21", "CLIPVisionLoader", clip_name="clip_vision_g.safetensors")
    flow.add("22", "CLIPVisionEncode", clip_vision="@21", image="@20", crop="center")
    flow.add("23", "StyleModelLoader", style_model_name="flux-redux.safetensors")
    flow.add("24", "StyleModelApply", conditioning="@6", style_model="@23",
             clip_vision_output="@22")  # fmt: skip
    flow.nodes["3"]["inputs"]["positive"] = link("24")
    return flow


@sample(prompt=["6.prompt"], negative=["7.text"], image=["20.image"])
def picture_edit() -> Flow:
    flow = base()
    flow.add("20", "LoadImage", image="example.png")
    flow.add("6", "TextEncodeQwenImageEdit", clip="@4/1", prompt="a castle", image="@20")
    return flow


@sample(prompt=["6.text"], negative=["7.text"])
def choices_within_choices() -> Flow:
    flow = base()
    flow.add("20", "ResizeDynamic", image="@8", method="lanczos")
    flow.nodes["20"]["inputs"].update({
        "resize_type": "scale to", "resize_type.width": 800, "resize_type.height": 600,
        "resize_type.crop": "disabled",
    })  # fmt: skip
    flow.nodes["9"]["inputs"]["images"] = link("20")
    return flow
