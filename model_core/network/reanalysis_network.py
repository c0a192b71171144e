"""The whole network: readings and maps in, the target's field in its own units out."""

from __future__ import annotations

from typing import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model_core.configuration import NetworkConfiguration
from model_core.network.blocks import block_means, block_sum, refine
from model_core.network.kriged_background import KrigedBackground, kriged_background
from model_core.network.network_output import NetworkOutput, Survey
from model_core.network.pointconv import NormalisedConvolution, PointConv, PointConvFields
from model_core.network.reading_quantities import StationReadings
from model_core.network.transforms import inverse, transform
from model_core.network.trust import Trust, share_at
from model_core.network.unetplusplus import RegrUNetPP

# Stations are told to the network as so many per area of this many cells, so that it does not matter how large the grid is.
_AREA = 192**2
# The network may make kriging's standard deviation this much wider, or narrower.
_WIDEST = 2.0


class ReanalysisNetwork(nn.Module):
    """PointConv per station variable, fused with static maps by a RegrUNet++.

    Attributes
    ----------
    trust : how far it is believed where it is used, which is no part of the model; by default as its training chose
    """

    def __init__(self, configuration: NetworkConfiguration):
        super().__init__()
        self.configuration, self.trust = configuration, Trust()
        c = configuration
        self.target_index = c.station_variables.index(c.target)
        variables = len(c.station_variables)
        self.pointconv = PointConv(variables, c.kernels, c.epsilon, c.second_denominator, c.epsilon_in)
        # The target alone is also looked at from afar: block means, convolved on their own coarser grids.
        self.coarse = nn.ModuleList(NormalisedConvolution(1, c.kernels[0], c.epsilon, taper=True) for _ in c.coarse_factors)
        # How many readings' weight it takes before a scale is trusted over the next coarser one (softplus of these).
        self.raw_trust = nn.Parameter(torch.zeros(len(c.coarse_factors) + 1))
        channels = variables if c.combine == "sum" else 3 * variables
        if c.coarse_factors:
            channels += 2 * len(c.coarse_factors) + 1
        channels += 2 * c.readings + len(c.covariates) * (1 + c.availability)
        if c.kriging:  # four kriged fields, their doubt, the contrasts of the maps, and five constants of the day
            channels += 5 + len(c.covariates) + 5
        self.unet = RegrUNetPP(channels, 1 + c.uncertainty, c.width, c.levels)
        # What a background tells is the work of a network of its own, so that it changes nothing of days without one.
        self.unet_of_background = RegrUNetPP(channels + 5, 1, c.background_width, c.levels) if c.background_width else None
        if c.output == "correction":  # start from the background itself
            for unet in self.unets:
                nn.init.zeros_(unet.head.weight)
                nn.init.zeros_(unet.head.bias)
        if c.output == "relu":  # where it is below zero everywhere, nothing is ever learnt again: start above
            nn.init.ones_(self.unet.head.bias)

    @property
    def unets(self) -> list[nn.Module]:
        """The UNet++, and that of days with a background where there is one; the last takes the most channels."""
        return [self.unet] if self.unet_of_background is None else [self.unet, self.unet_of_background]

    def forward(
        self,
        values: Tensor,
        mask: Tensor,
        maps: Tensor,
        maps_known: Tensor,
        survey: Survey | None = None,
        stations: Sequence[StationReadings] | None = None,
    ) -> NetworkOutput:
        """Predict the target's field.

        Parameters
        ----------
        values, mask : Tensor
            Cell means of the readings in canonical units and how many readings each is the mean of (0 where there is
            none), shape (batch, station variables, rows, columns). A variable without any reading is missing.
        maps, maps_known : Tensor
            Covariates, then the maps that are only a drift, in canonical units and where they are known (0 or 1), shape
            (batch, maps, rows, columns).
        survey : Survey
            Of the whole field, cut to the window, where the others are only a window of it.
        stations : sequence of StationReadings
            Of each day the target's readings one by one, which only kriging asks for; without them it takes the cell
            means, in the centres of their cells.
        """
        c, t = self.configuration, self.target_index
        rule = c.transform_of(c.target)
        counts, readings = mask[:, t].float(), values[:, t]
        mask = (mask > 0).float()
        values = torch.stack([transform(values[:, i], c.transform_of(name)) for i, name in enumerate(c.station_variables)], dim=1)
        values = torch.where(mask > 0, values, 0.0)
        level, spread = self._standard(values[:, t], mask[:, t]) if survey is None else (survey.level, survey.spread)
        if c.standardise == "day":
            standardised = (values[:, t] - level) / spread * mask[:, t]
            values = torch.cat([values[:, :t], standardised[:, None], values[:, t + 1 :]], dim=1)
        known = maps_known.float()
        maps, seen = self._scaled(maps, known), len(c.covariates)

        fields = self.pointconv(values, mask)
        background, channels = None, []
        if c.coarse_factors:
            sums = survey.coarse if survey else self._coarse_sums(values[:, t : t + 1], mask[:, t : t + 1])
            far, channels = self._far_background(sums, mask.shape[-2:], survey.origin if survey else (0, 0))
            fields, background = self._near_background(fields, far)
            channels.append(background)
        if c.combine == "sum":
            channels = [fields.first + fields.second, *channels]
        else:
            channels = [fields.first, fields.second, torch.log1p(fields.density), *channels]
        if c.kriging:
            kriged = survey.kriged if survey else self._krige(readings, counts, stations, level, spread, maps, known)
            background, rough = ((transform(x, rule) - level[:, None]) / spread[:, None] for x in (kriged.field, kriged.values))
            count = torch.log1p(survey.stations if survey else _station_density(mask[:, t]))[:, None] / 7
            day = torch.cat([kriged.day, spread[:, 0], count], dim=1)
            channels += [
                background,
                kriged.standardised,
                rough,
                kriged.plain,
                kriged.doubt,
                kriged.contrast[:, :seen],
                day[:, :, None, None],
            ]
        if c.readings:
            departure = values[:, t : t + 1] if background is None else values[:, t : t + 1] - background
            channels += [torch.log2(1 + counts[:, None]), departure * mask[:, t : t + 1]]
        channels += [maps[:, :seen], known[:, :seen]] if c.availability else [maps[:, :seen]]

        if c.kriging and self.trust.kriging_alone:
            results = mask.new_zeros(len(mask), 1 + c.uncertainty, *mask.shape[-2:])
        else:
            results = self._fuse(self.unet, channels, mask.shape[-2:])
        doubt = kriged.doubt[:, 0] if c.kriging else None
        result, before_background = results[:, 0], None
        if c.output == "correction":
            shares = self.trust.shares or c.correction_share
            share = shares[0] if doubt is None else share_at(doubt, shares, c.correction_reach)
            if c.kriging:
                # What was learnt is what plain kriging lacks: the more is known from elsewhere, the less of it is left.
                share = share * (1 - kriged.share[:, 0] ** 2)
            result = background[:, 0] + share * c.correction_limit * torch.tanh(result / c.correction_limit)
            if self.unet_of_background is not None and kriged.besides is not None and not self.trust.kriging_alone:
                before_background = inverse(result * spread + level, rule)
                result = result + share_at(doubt, c.background_share) * self._of_background([*channels, results[:, :1].detach()], kriged)
        if c.output == "relu":
            result = F.relu(result)
        field = inverse(result * spread + level, rule)
        before = None if background is None else inverse(background[:, 0] * spread + level, rule)

        def in_units(sigma: Tensor, mean: Tensor) -> Tensor:
            """Standard deviation in the target's units of one in standardised units."""
            sigma = (spread * rule.scale * sigma).clamp(0.02, 1.5) if rule.kind == "log" else spread * rule.scale * sigma
            return (mean + rule.offset) * torch.sqrt(torch.expm1(sigma**2)) if rule.kind == "log" else sigma

        sd, sd_before = None, in_units(kriged.sigma[:, 0], before) if c.kriging else None
        if c.kriging and c.uncertainty:
            own, (near, far) = self.trust.deviation_share, self.trust.widths
            wider = (c.uncertainty_share if own is None else own) * torch.tanh(results[:, 1])
            sd = in_units(kriged.sigma[:, 0] * _WIDEST**wider * near ** (1 - doubt) * far**doubt, field)
        elif c.uncertainty:
            sd = in_units(F.softplus(results[:, 1]), field)
        return NetworkOutput(field, result, level, spread, sd, before, sd_before, doubt, before_background)

    def survey(
        self, values: Tensor, mask: Tensor, maps: Tensor, maps_known: Tensor, stations: Sequence[StationReadings] | None = None
    ) -> Survey:
        """What `forward` must know of the whole field to predict windows of it; arguments as there."""
        c, t = self.configuration, self.target_index
        counts, readings = mask[:, t].float(), values[:, t]
        there = (counts > 0).float()
        standardised = torch.where(counts > 0, transform(readings, c.transform_of(c.target)), 0.0)
        level, spread = self._standard(standardised, there)
        if c.standardise == "day":
            standardised = (standardised - level) / spread * there
        coarse, kriged = self._coarse_sums(standardised[:, None], there[:, None]), None
        if c.kriging:
            known = maps_known.float()
            kriged = self._krige(readings, counts, stations, level, spread, self._scaled(maps, known), known)
        return Survey(level, spread, _station_density(there), coarse, kriged)

    def drift_of(self, readings: Tensor, counts: Tensor, maps: Tensor, maps_known: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What kriging of a day is told beside its readings: `level` and `spread`, (1, 1, 1) each, and the scaled maps.

        Parameters
        ----------
        readings, counts : of the target, (rows, columns)
        maps, maps_known : (maps, rows, columns), as for `forward`
        """
        there = (counts > 0).float()[None]
        values = torch.where(there > 0, transform(readings, self.configuration.transform_of(self.configuration.target)), 0.0)
        known = maps_known.float()[None]
        return *self._standard(values, there), self._scaled(maps[None], known)[0]

    def _krige(
        self,
        readings: Tensor,
        counts: Tensor,
        stations: Sequence[StationReadings] | None,
        level: Tensor,
        spread: Tensor,
        maps: Tensor,
        known: Tensor,
    ) -> KrigedBackground:
        days = stations or [StationReadings.in_cells(*day) for day in zip(readings, counts)]
        c = self.configuration
        acting = self.trust.drift_of(c)
        # Others would only take time.
        kriged = [number for number, name in enumerate(c.maps) if name in acting or number < len(c.covariates)]
        drift = torch.tensor([c.maps[number] in acting for number in kriged], dtype=torch.bool)
        return kriged_background(
            days,
            c.transform_of(c.target),
            level,
            spread,
            maps[:, kriged],
            known[:, kriged],
            None if drift.all() else drift,
            self.trust.local_slopes_of(c),
            self.trust.outlier_limit_of(c),
        )

    def _scaled(self, maps: Tensor, known: Tensor) -> Tensor:
        """The maps transformed, 0 where they are unknown."""
        c = self.configuration
        scaled = [transform(maps[:, i], c.transform_of(name)) for i, name in enumerate(c.maps)]
        return torch.where(known > 0, torch.stack(scaled, dim=1), 0.0) if scaled else torch.zeros_like(maps)

    def _of_background(self, channels: Sequence[Tensor], kriged: KrigedBackground) -> Tensor:
        """What the backgrounds add to the correction of their days, (batch, rows, columns); 0 on days without one.

        It is told in standard deviations of the kriging, so that it is little near readings, and where the background is good.
        """
        with_one = kriged.believed > 0
        added = torch.zeros_like(kriged.field[:, 0])
        seen = [part[with_one] for part in (*channels, kriged.besides, kriged.share)]
        limit = self.configuration.correction_limit
        added[with_one] = limit * torch.tanh(self._fuse(self.unet_of_background, seen, added.shape[-2:])[:, 0] / limit)
        return added * kriged.sigma[:, 0]

    def _fuse(self, unet: nn.Module, channels: Sequence[Tensor], shape: torch.Size) -> Tensor:
        """A UNet++ over all channels, on blocks of cells where the configuration says so.

        Each of `channels` is (batch, channels, rows, columns), or (batch, channels, 1, 1) where it is the same everywhere.
        """
        factor = self.configuration.unet_factor
        blocks = [part if part.shape[-2:] == (1, 1) else block_means(part, factor) for part in channels if part.shape[1]]
        size = [-(-side // factor) for side in shape]
        joined = torch.cat([part.expand(-1, -1, *size) for part in blocks], dim=1)
        result = unet(joined.contiguous(memory_format=torch.channels_last)).float()
        return result if factor == 1 else refine(result, factor, shape)

    def standardise(self, field: Tensor, output: NetworkOutput) -> Tensor:
        """A field of the target in the units that `output.standardised` is in."""
        return (transform(field, self.configuration.transform_of(self.configuration.target)) - output.level) / output.spread

    def _standard(self, values: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and spread of the readings of each sample, shape (batch, 1, 1); 0 and 1 without standardisation."""
        count = mask.sum((1, 2), keepdim=True)
        if self.configuration.standardise == "none":
            return torch.zeros_like(count), torch.ones_like(count)
        level = (values * mask).sum((1, 2), keepdim=True) / count.clamp_min(1)
        squares = ((values - level) ** 2 * mask).sum((1, 2), keepdim=True)
        # A few readings can't tell the spread: five pseudo-readings of a typical 0.5 (in logs) hold it.
        return level, torch.sqrt((squares + 5 * 0.5**2) / (count + 5))

    def _coarse_sums(self, value: Tensor, weight: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Of each coarse scale the weighted sum of readings and of weights on its blocks, 0 where none is in reach."""
        sums = []
        for factor, convolution in zip(self.configuration.coarse_factors, self.coarse):
            count = block_sum(weight, factor)
            mean = block_sum(value * weight, factor) / count.clamp_min(1)
            in_reach = convolution.reach(count)
            sums.append(tuple(torch.where(in_reach, x, 0.0).float() for x in convolution.sums(mean, count)))
        return sums

    def _far_background(self, sums: list[tuple[Tensor, Tensor]], shape: torch.Size, origin: tuple[int, int]) -> tuple[Tensor, list[Tensor]]:
        """Blend of the coarse scales, each trusted by its density of readings over the next coarser; with their channels.

        Far from every reading it tends to 0, which is the day's mean.
        """
        trust = F.softplus(self.raw_trust[1:])
        background = 0.0
        channels: list[Tensor] = []
        for number in reversed(range(len(self.coarse))):
            factor = self.configuration.coarse_factors[number]
            weighted, density = (refine(x, factor, shape, origin) for x in sums[number])
            background = (weighted + trust[number] * background) / (density + trust[number])
            channels += [background, torch.log1p(density)]
        return background, channels

    def _near_background(self, fields: PointConvFields, far: Tensor) -> tuple[PointConvFields, Tensor]:
        """The far background refined by PointConv's first field, and PointConv's fields with the far one where they know nothing."""
        t = self.target_index
        first, density = fields.first[:, t : t + 1], fields.density[:, t : t + 1]
        trust = F.softplus(self.raw_trust[0])
        background = (first * density + trust * far) / (density + trust)
        is_target = torch.zeros(fields.first.shape[1], dtype=torch.bool, device=far.device)
        is_target[t] = True
        is_target = is_target[None, :, None, None]
        return fields._replace(
            first=torch.where(is_target & ~fields.first_support, far, fields.first),
            second=torch.where(is_target & ~fields.second_support, far, fields.second),
        ), background


def _station_density(there: Tensor) -> Tensor:
    """How many of `_AREA` cells hold readings; (batch, rows, columns) to (batch,)."""
    return there.mean((1, 2)) * _AREA
