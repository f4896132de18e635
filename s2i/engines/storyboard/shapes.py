"""Every shape by the name that the vocabulary uses, with its width as a share of its height."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from s2i.engines.storyboard import shapes_animals as animals
from s2i.engines.storyboard import shapes_birds as birds
from s2i.engines.storyboard import shapes_figures as figures
from s2i.engines.storyboard import shapes_people as people
from s2i.engines.storyboard import shapes_places as places
from s2i.engines.storyboard import shapes_plants as plants
from s2i.engines.storyboard import shapes_sea as sea
from s2i.engines.storyboard import shapes_things as things
from s2i.engines.storyboard import shapes_vehicles as vehicles
from s2i.engines.storyboard.canvas import Pen
from s2i.engines.storyboard.look import Look
from s2i.engines.storyboard.shapes_quadrupeds import quadruped


@dataclass(frozen=True)
class Shape:
    """A painter, and how wide what it paints is when it is 1 high."""

    paint: Callable[[Pen, Look], None]
    aspect: float


SHAPES: dict[str, Shape] = {
    "quadruped": Shape(quadruped, 1.45),
    "bird": Shape(birds.bird, 1.25),
    "duck": Shape(birds.duck, 1.35),
    "chicken": Shape(birds.chicken, 1.0),
    "owl": Shape(birds.owl, 0.8),
    "penguin": Shape(birds.penguin, 0.9),
    "fish": Shape(sea.fish, 1.6),
    "whale": Shape(sea.whale, 2.3),
    "octopus": Shape(sea.octopus, 1.6),
    "turtle": Shape(sea.turtle, 1.6),
    "frog": Shape(animals.frog, 1.2),
    "snail": Shape(animals.snail, 1.3),
    "snake": Shape(animals.snake, 1.7),
    "butterfly": Shape(animals.butterfly, 1.2),
    "dragon": Shape(animals.dragon, 1.7),
    "monkey": Shape(animals.monkey, 1.1),
    "person": Shape(people.person, 0.7),
    "robot": Shape(figures.robot, 0.75),
    "snowman": Shape(figures.snowman, 0.8),
    "ghost": Shape(figures.ghost, 0.7),
    "alien": Shape(figures.alien, 0.75),
    "tree": Shape(plants.tree_subject, 0.75),
    "pine": Shape(plants.pine_subject, 0.6),
    "palm": Shape(plants.palm_subject, 0.8),
    "cactus": Shape(plants.cactus, 0.75),
    "flower": Shape(plants.flower, 0.5),
    "mushroom": Shape(plants.mushroom, 0.95),
    "house": Shape(places.house_subject, 1.1),
    "castle": Shape(places.castle, 1.1),
    "church": Shape(places.church, 0.9),
    "lighthouse": Shape(places.lighthouse, 0.9),
    "windmill": Shape(places.windmill, 0.85),
    "bridge": Shape(places.bridge, 2.0),
    "tent": Shape(places.tent, 1.6),
    "campfire": Shape(places.campfire, 1.0),
    "pyramid": Shape(places.pyramid, 1.8),
    "sailboat": Shape(vehicles.sailboat, 1.0),
    "rowboat": Shape(vehicles.rowboat, 1.55),
    "ship": Shape(vehicles.ship, 1.4),
    "steamer": Shape(vehicles.steamer, 1.5),
    "car": Shape(vehicles.car, 2.0),
    "bus": Shape(vehicles.bus, 1.9),
    "train": Shape(vehicles.train, 2.9),
    "bicycle": Shape(vehicles.bicycle, 1.5),
    "tractor": Shape(vehicles.tractor, 1.35),
    "plane": Shape(vehicles.plane, 2.0),
    "rocket": Shape(vehicles.rocket, 0.6),
    "ufo": Shape(vehicles.ufo, 1.45),
    "airballoon": Shape(vehicles.airballoon, 0.65),
    "balloon": Shape(things.balloon, 0.5),
    "kite": Shape(things.kite, 0.6),
    "umbrella": Shape(things.umbrella, 1.05),
    "book": Shape(things.book, 1.6),
    "cup": Shape(things.cup, 1.1),
    "lantern": Shape(things.lantern, 0.6),
    "candle": Shape(things.candle, 0.7),
    "clock": Shape(things.clock, 0.9),
    "chair": Shape(things.chair, 0.7),
    "guitar": Shape(things.guitar, 0.6),
    "apple": Shape(things.apple, 0.9),
    "pumpkin": Shape(things.pumpkin, 1.15),
    "cake": Shape(things.cake, 1.35),
    "ball": Shape(things.ball, 1.0),
    "heart": Shape(things.heart, 0.95),
    "gift": Shape(things.gift, 1.0),
    "key": Shape(things.key, 0.5),
    "telescope": Shape(things.telescope, 1.0),
}

ASPECTS: dict[str, float] = {name: shape.aspect for name, shape in SHAPES.items()}
